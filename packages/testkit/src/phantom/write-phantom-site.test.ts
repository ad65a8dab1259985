import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readImage } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCsv } from '../label-table.js';
import { DEFECTS } from './defects.js';
import type { PhantomTask } from './film.js';
import { SITE_PROFILES } from './site-profiles.js';
import { writePhantomSite } from './write-phantom-site.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'phantom-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, task: PhantomTask, options: { seed?: number; profile?: number; defects?: boolean } = {}) {
  const directory = join(folder, name);
  const { seed = 5, profile = 1, defects = false } = options;
  return writePhantomSite({
    directory,
    siteId: 'site-b',
    profile: SITE_PROFILES[profile]!,
    task,
    seed,
    examples: 12,
    defects,
  });
}

function digestOf(directory: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    if (entry.isFile()) hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}

it('writes the same bytes for the same seed, and others for another', () => {
  const first = digestOf(write('first', 'classification').directory);
  expect(digestOf(write('second', 'classification').directory)).toBe(first);
  expect(digestOf(write('third', 'classification', { seed: 6 }).directory)).not.toBe(first);
});

it('writes films that the reader reads, as the label table says', () => {
  SITE_PROFILES.forEach((profile, index) => {
    const site = write(`profile-${index}`, 'segmentation', { profile: index });
    const rows = parseCsv(readFileSync(site.labelTable, 'utf8'));
    expect(rows).toHaveLength(12);
    for (const row of rows) {
      const image = readImage(readFileSync(join(site.directory, row.file!)));
      const mask = decode(readFileSync(join(site.directory, row.mask!)));
      expect([mask.height, mask.width]).toEqual([image.rows, image.columns]);
      expect(new Set(mask.data)).toEqual(new Set([0, 255]));
      const { rows: height, columns: width, bitsStored, photometric } = profile.protocol;
      expect(image).toMatchObject({ rows: height, columns: width, bitsStored, photometric });
      expect(image.header.patientId).toBe(row.patient_id);
      expect(image.header.manufacturer).toBe(profile.manufacturer);
      expect(image.header.patientAge).toMatch(/^0\d\dY$/);
    }
  });
});

it('labels films by class, and has no mask and no split where they do not belong', () => {
  const rows = parseCsv(readFileSync(write('labels', 'classification').labelTable, 'utf8'));
  expect(rows.filter((row) => row.label === 'cavity')).toHaveLength(6);
  expect(rows.filter((row) => row.label === 'solid')).toHaveLength(6);
  expect(Object.keys(rows[0]!)).toEqual(['file', 'patient_id', 'label', 'mask']);
});

it('adds one of each defect on request', () => {
  const { directory, labelTable } = write('defects', 'segmentation', { defects: true });
  const rows = parseCsv(readFileSync(labelTable, 'utf8'));
  const files = readdirSync(join(directory, 'dicom'));
  const named = (name: string) => rows.find((row) => row.file === `dicom/${name}`);
  const codeOf = (name: string) => {
    try {
      readImage(readFileSync(join(directory, 'dicom', name)));
    } catch (error) {
      return (error as ConsiliumError).code;
    }
    return 'read';
  };
  expect(files.filter((file) => file in DEFECTS).sort()).toEqual(
    Object.keys(DEFECTS)
      .filter((name) => name !== 'missing.dcm')
      .sort(),
  );
  expect(codeOf('not-dicom.dcm')).toBe('DICOM_NOT_DICOM');
  expect(codeOf('truncated.dcm')).toBe('DICOM_TRUNCATED');
  expect(codeOf('unlabelled.dcm')).toBe('read');
  expect(named('unlabelled.dcm')).toBeUndefined();
  expect(named('missing.dcm')).toBeDefined();
  const image = readImage(readFileSync(join(directory, 'dicom', 'other-size.dcm')));
  expect(decode(readFileSync(join(directory, named('other-size.dcm')!.mask!))).height).toBe(image.rows - 1);
});
