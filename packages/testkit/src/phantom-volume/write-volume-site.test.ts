import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readImage, toGrey } from '@consilium/dicom';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCsv } from '../label-table.js';
import { CT_SITE_PROFILES } from '../phantom-ct/ct-profiles.js';
import { writeCtPhantomSite } from '../phantom-ct/write-ct-phantom-site.js';
import { MR_SITE_PROFILES } from '../phantom-mr/mr-profiles.js';
import { writeMrPhantomSite } from '../phantom-mr/write-mr-phantom-site.js';
import { SERIES_DEFECTS } from './defective-series.js';
import { CLEAR_LABEL, type VolumeSite } from './write-volume-site.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'volumes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly seed?: number;
  readonly profile?: number;
  readonly hasAnnotations?: boolean;
}

function write(name: string, modality: 'CT' | 'MR', { seed = 5, profile = 1, hasAnnotations = false }: Options = {}) {
  const order = { directory: join(folder, name), siteId: 'site-b', seed, patients: 2, matrix: 40, hasAnnotations };
  return modality === 'CT'
    ? writeCtPhantomSite({ ...order, profile: CT_SITE_PROFILES[profile]! })
    : writeMrPhantomSite({ ...order, profile: MR_SITE_PROFILES[profile]! });
}

function rowsOf(site: VolumeSite) {
  return parseCsv(readFileSync(site.labelTable, 'utf8'));
}

function digestOf(directory: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) hash.update(readFileSync(path));
  return hash.digest('hex');
}

it.each(['CT', 'MR'] as const)('writes the same bytes for the same seed, and others for another: %s', (modality) => {
  const first = digestOf(write(`${modality} 1`, modality, { hasAnnotations: true }).directory);
  expect(digestOf(write(`${modality} 2`, modality, { hasAnnotations: true }).directory)).toBe(first);
  expect(digestOf(write(`${modality} 3`, modality, { seed: 6, hasAnnotations: true }).directory)).not.toBe(first);
});

it.each([
  ...CT_SITE_PROFILES.map((_, index) => ['CT', index] as const),
  ...MR_SITE_PROFILES.map((_, index) => ['MR', index] as const),
])('writes slices that the reader reads, as the label table says: %s, hospital %i', (modality, profile) => {
  const site = write(`${modality} hospital ${profile}`, modality, { profile });
  const { manufacturer } = (modality === 'CT' ? CT_SITE_PROFILES : MR_SITE_PROFILES)[profile]!;
  const rows = rowsOf(site);
  expect(rows).toHaveLength(site.slices);
  const uids = new Set<string>();
  for (const row of rows) {
    const image = readImage(readFileSync(join(site.directory, row.file!)));
    const mask = decode(readFileSync(join(site.directory, row.mask!)));
    expect([mask.height, mask.width, image.rows, image.columns]).toEqual([40, 40, 40, 40]);
    const isClear = mask.data.every((value) => value === 0);
    expect(row.label).toBe(isClear ? CLEAR_LABEL : modality === 'CT' ? 'nodule' : 'lesion');
    expect(image.header).toMatchObject({ patientId: row.patient_id, manufacturer, modality });
    expect(image.header.patientAge).toMatch(/^0\d\dY$/);
    uids.add(image.header.sopInstanceUid);
  }
  expect(uids.size).toBe(rows.length);
  const ill = new Set(rows.filter(({ label }) => label !== CLEAR_LABEL).map(({ patient_id: id }) => id));
  expect(ill.size).toBe(1); // of two patients
});

it('a nodule stands out against the lung by hundreds of Hounsfield units, however the vendor stores them', () => {
  CT_SITE_PROFILES.forEach((_, profile) => {
    const site = write(`nodules ${profile}`, 'CT', { profile });
    const inside: number[] = [];
    const air: number[] = [];
    for (const row of rowsOf(site).filter(({ label }) => label !== CLEAR_LABEL)) {
      const grey = toGrey(readImage(readFileSync(join(site.directory, row.file!))));
      const { data } = decode(readFileSync(join(site.directory, row.mask!)));
      data.forEach((value, i) => {
        if (value !== 0) inside.push(grey[i]!);
      });
      // The first row inside the round field, above the patient.
      air.push(grey[2 * 40 + 20]!);
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(inside)).toBeGreaterThan(-350);
    expect(mean(inside)).toBeLessThan(150);
    expect(Math.abs(mean(air) + 1000)).toBeLessThan(60);
  });
});

it('writes SEG, RTSTRUCT and SR beside each series on request, outlines only where there are lesions', () => {
  const site = write('annotated', 'MR', { hasAnnotations: true });
  const folders = readdirSync(join(site.directory, 'annotations'));
  expect(folders).toHaveLength(site.series);
  for (const name of folders) {
    const hasLesions = rowsOf(site).some((row) => row.file!.includes(`/${name}/`) && row.label !== CLEAR_LABEL);
    const files = readdirSync(join(site.directory, 'annotations', name)).sort();
    expect(files).toEqual(hasLesions ? ['rtstruct.dcm', 'seg.dcm', 'sr.dcm'] : ['sr.dcm']);
  }
  expect(existsSync(join(write('plain', 'MR').directory, 'annotations'))).toBe(false);
});

it('adds a series with each defect on request, each slice with its label and a mask of its size', () => {
  const plain = rowsOf(write('without defects', 'CT'));
  const directory = join(folder, 'with defects');
  const order = { directory, siteId: 'site-b', seed: 5, patients: 2, matrix: 40, hasDefects: true };
  const rows = rowsOf(writeCtPhantomSite({ ...order, profile: CT_SITE_PROFILES[1]! }));
  expect(rows.slice(0, plain.length)).toEqual(plain);
  const gained = rows.slice(plain.length);
  expect(new Set(gained.map(({ patient_id: id }) => id))).toEqual(
    new Set(Object.keys(SERIES_DEFECTS).map((name) => `defect-${name}`)),
  );
  for (const row of gained) {
    const image = readImage(readFileSync(join(directory, row.file!)));
    const { height, data } = decode(readFileSync(join(directory, row.mask!)));
    expect([height, image.header.patientId]).toEqual([image.rows, row.patient_id]);
    expect(row.label).toBe(data.some((value) => value !== 0) ? 'nodule' : CLEAR_LABEL);
  }
});
