import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CODES, writeSlice } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { writeBulkFilms } from './bulk/write-bulk-films.js';
import { DCIODVFY, dciodvfy } from './dciodvfy.fixture.js';
import { parseCsv } from './label-table.js';
import { SITE_PROFILES } from './phantom/site-profiles.js';
import { writePhantomSite } from './phantom/write-phantom-site.js';
import { CT_SITE_PROFILES } from './phantom-ct/ct-profiles.js';
import { takeCtStudy } from './phantom-ct/take-ct-study.js';
import { MR_SITE_PROFILES } from './phantom-mr/mr-profiles.js';
import { takeMrStudy } from './phantom-mr/take-mr-study.js';
import { phantomVariants } from './phantom-variants/phantom-variants.js';
import { annotateSeries } from './phantom-volume/series-annotations.js';
import type { VolumePatient } from './phantom-volume/volume-roster.js';

/** dicom3tools of Debian knows neither a deflated data set nor HTJ2K; it would take them for broken files. */
const UNKNOWN_TO_DCIODVFY = /\.(deflated|htj2k)/;
/** A film need not have them; only a CD's directory would want them. */
const FILM_WARNINGS = ['Study Time', 'Study ID'].map(
  (name) => `Warning - Missing attribute or value that would be needed to build DICOMDIR - ${name}`,
);

if (DCIODVFY === undefined) console.info('skipped: dciodvfy is not installed (Debian: dicom3tools)');
const run = it.skipIf(DCIODVFY === undefined);
const patient: VolumePatient = { id: 'valid-1', sex: 'M', ageYears: 61, hasLesions: true, studies: 1 };
const order = { seed: 3, siteId: 'valid', patient, study: 0, matrix: 48 };

run('dciodvfy finds no error in a film of any hospital, and warns only of what a directory would want', () => {
  const folder = mkdtempSync(join(tmpdir(), 'valid-films-'));
  SITE_PROFILES.forEach((profile, index) => {
    const directory = join(folder, String(index));
    const site = { directory, siteId: `site-${index}`, profile, task: 'classification', seed: 1, examples: 1 } as const;
    const [row] = parseCsv(readFileSync(writePhantomSite(site).labelTable, 'utf8'));
    expect(dciodvfy(readFileSync(join(directory, row!.file!)))).toEqual(FILM_WARNINGS);
  });
  const bulk = join(folder, 'bulk');
  writeBulkFilms({ directory: bulk, seed: 1, count: 1 });
  expect(dciodvfy(readFileSync(join(bulk, 'dicom/0000/000000.dcm')))).toEqual([]);
  rmSync(folder, { recursive: true });
});

run.each([
  ...CT_SITE_PROFILES.map((profile) => ['CT', profile.model, () => takeCtStudy({ ...order, profile })] as const),
  ...MR_SITE_PROFILES.map((profile) => ['MR', profile.model, () => takeMrStudy({ ...order, profile })] as const),
])('dciodvfy finds nothing in a %s series of the %s, nor in its SEG, RTSTRUCT and SR', (modality, _, take) => {
  const words = {
    type: CODES.lesion,
    site: CODES.lung,
    procedure: modality === 'CT' ? CODES.ctOfChest : CODES.mrOfHead,
  };
  for (const series of take()) {
    expect(dciodvfy(writeSlice(series.sliceAt(1)))).toEqual([]);
    const { segmentation, structureSet, report } = annotateSeries(series, words);
    for (const object of [segmentation!, structureSet!, report]) expect(dciodvfy(object)).toEqual([]);
    const without = annotateSeries({ ...series, lesions: [] }, words);
    expect(without.segmentation).toBeUndefined();
    expect(dciodvfy(without.report)).toEqual([]);
  }
});

run('dciodvfy finds nothing in a variant whose transfer syntax it knows', async () => {
  const variants = (await phantomVariants(32)).filter(({ name }) => !UNKNOWN_TO_DCIODVFY.test(name));
  const found = variants.flatMap(({ name, bytes }) => dciodvfy(bytes).map((line) => `${name}: ${line}`));
  console.info(`dciodvfy: ${variants.length} variants`);
  expect(found).toEqual([]);
});
