import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CT_SITE_PROFILES,
  MR_SITE_PROFILES,
  type SeriesDefect,
  type VolumeSite,
  writeCtPhantomSite,
  writeMrPhantomSite,
} from '@consilium/testkit';
import { afterAll, expect, it } from 'vitest';
import { openDecodePool } from '../decoding/decode-pool.js';
import { type FoundSeries, readSeries } from './read-series.js';

const folder = mkdtempSync(join(tmpdir(), 'consilium-phantom-volumes-'));
const pool = openDecodePool({ threads: 1 });
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

async function seriesOf({ directory }: VolumeSite): Promise<readonly FoundSeries[]> {
  const names = readdirSync(join(directory, 'dicom'), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.dcm')).sort();
  const read = await readSeries(join(directory, 'dicom'), files, pool, new AbortController().signal, () => undefined);
  expect(read.setAside).toEqual([]);
  return read.series;
}

/** Kinds of all findings, of the series and of its stacks. */
function findingsOf({ geometry }: FoundSeries): string[] {
  const all = [...geometry.findings, ...geometry.stacks.flatMap((stack) => stack.findings)];
  return [...new Set(all.map(({ kind }) => kind))].sort();
}

const order = { siteId: 'volumes', seed: 3, patients: 1, matrix: 24 };
const CT_HOSPITALS = CT_SITE_PROFILES.map((profile) => {
  const write = (directory: string) => writeCtPhantomSite({ ...order, directory, profile });
  return ['CT', profile.model, profile.protocol.spacingMm, write] as const;
});
const MR_HOSPITALS = MR_SITE_PROFILES.map((profile) => {
  const write = (directory: string) => writeMrPhantomSite({ ...order, directory, profile });
  return ['MR', profile.model, profile.protocol.spacingMm, write] as const;
});

it.each([...CT_HOSPITALS, ...MR_HOSPITALS])(
  '%s series of the %s are whole volumes, %d mm apart',
  async (...hospital) => {
    const [modality, model, spacingMm, write] = hospital;
    const site = write(join(folder, model));
    const all = await seriesOf(site);
    expect(all).toHaveLength(site.series);
    for (const series of all) {
      expect(findingsOf(series)).toEqual(modality === 'MR' ? ['oblique'] : []);
      expect(series.geometry.stacks).toHaveLength(1);
      expect(series.geometry.stacks[0]!.spacingMm).toBeCloseTo(spacingMm, 6);
    }
  },
);

const NOTICED: Readonly<Record<SeriesDefect, readonly string[]>> = {
  'missing-slice': ['missing-slices'],
  'repeated-slice': ['duplicates'],
  'uneven-spacing': ['missing-slices'],
  'shuffled-numbers': ['numbers-out-of-order'],
  'tilted-gantry': ['oblique', 'tilted'],
  'two-directions': ['missing-slices', 'oblique', 'several-orientations', 'single-slice'],
  'two-sizes': ['missing-slices', 'several-sizes', 'single-slice'],
  'no-position': ['missing-slices', 'no-place'],
};

it('what is wrong with a series is noticed, and nothing else', async () => {
  const directory = join(folder, 'defects');
  const profile = CT_SITE_PROFILES[1]!;
  const all = await seriesOf(writeCtPhantomSite({ ...order, directory, profile, hasDefects: true }));
  const found = all.slice(1).map((series) => {
    const file = series.slices[0]!.file;
    return [file.slice('defect-'.length, file.indexOf('/')), findingsOf(series)];
  });
  expect(Object.fromEntries(found)).toEqual(NOTICED);
});
