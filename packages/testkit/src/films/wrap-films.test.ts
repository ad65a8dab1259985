import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImage } from '@consilium/dicom';
import { ConsiliumError, errorCode } from '@consilium/errors';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCsv } from '../label-table.js';
import { FILM_PLANS, type FilmPlanName } from './film-plans.js';
import { wrapFilms } from './wrap-films.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'films-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A pack of four invented films, two of each site, one with an unknown label. */
function writePack(): string {
  const pack = join(folder, 'pack');
  mkdirSync(join(pack, 'cxr', 'images'), { recursive: true });
  const lines = ['file,site,image_id,patient_id,sex,age,view,label_tb,fold'];
  [
    ['montgomery', 'a/1', 'P1', 'F', '45', 'PA', '0', '0'],
    ['montgomery', 'b', 'P2', 'M', '', 'AP Supine', '1', '3'],
    ['shenzhen', 'c', 'P3', '', '7', 'PA', '1', '2'],
    ['shenzhen', 'd', 'P4', 'M', '30', 'PA', '', '2'],
  ].forEach((cells, index) => {
    const data = Uint8Array.from({ length: 12 }, (_, i) => i * 7 + index);
    writeFileSync(join(pack, 'cxr', 'images', `${index}.png`), encode({ width: 4, height: 3, data, channels: 1 }));
    lines.push([`images/${index}.png`, ...cells].join(','));
  });
  writeFileSync(join(pack, 'cxr', 'manifest.csv'), `${lines.join('\n')}\n`);
  return pack;
}

it('wraps each film with its own identity, and leaves unknown labels out', () => {
  const progress: number[] = [];
  const sites = wrapFilms({
    dataDirectory: writePack(),
    plan: 'tuberculosis',
    sites: ['montgomery', 'shenzhen'],
    directory: join(folder, 'out'),
    onProgress: (done) => progress.push(done),
  });
  expect(sites.map(({ site, films }) => [site, films])).toEqual([
    ['montgomery', 2],
    ['shenzhen', 1],
  ]);
  expect(progress).toEqual([1, 2, 3]);
  const { directory, labelTable } = sites[0]!;
  expect(readFileSync(labelTable, 'utf8')).toBe(
    'file,patient_id,label,mask,fold\ndicom/a_1.dcm,P1,normal,,0\ndicom/b.dcm,P2,tuberculosis,,3\n',
  );
  const image = readImage(readFileSync(join(directory, 'dicom', 'b.dcm')));
  expect([...image.stored]).toEqual(Array.from({ length: 12 }, (_, i) => i * 7 + 1));
  expect(image.header).toMatchObject({
    patientId: 'P2',
    patientSex: 'M',
    patientAge: '',
    viewPosition: 'AP',
    institutionName: 'montgomery',
    modality: 'CR',
  });
});

it('a hospital that the pack has got since is wrapped like the others', () => {
  const pack = writePack();
  const manifest = join(pack, 'cxr', 'manifest.csv');
  const lines = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, lines.replace(/shenzhen/g, 'st-anna'));
  const sites = ['montgomery', 'st-anna'];
  const wrapped = wrapFilms({ dataDirectory: pack, plan: 'tuberculosis', sites, directory: join(folder, 'more') });
  expect(wrapped.map(({ site, films }) => [site, films])).toEqual([
    ['montgomery', 2],
    ['st-anna', 1],
  ]);
});

it('says what is missing where the pack is not right', () => {
  const run = (dataDirectory: string, sites = ['montgomery', 'shenzhen']) => {
    try {
      wrapFilms({ dataDirectory, plan: 'tuberculosis', sites, directory: join(folder, 'none') });
    } catch (error) {
      return [errorCode(error), (error as ConsiliumError).detail.missing];
    }
    return [];
  };
  expect(run(join(folder, 'nothing'))).toEqual(['CONFIG_INVALID', 'cxr/manifest.csv in the data directory']);
  const pack = writePack();
  expect(run(pack, ['montgomery', 'a hospital that joined'])).toEqual([
    ...['CONFIG_INVALID', 'films of a hospital that joined'],
  ]);
  rmSync(join(pack, 'cxr', 'images', '1.png'));
  expect(run(pack)).toEqual(['CONFIG_INVALID', 'images/1.png']);
});

const data = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const isThere = existsSync(join(data, 'cxr', 'manifest.csv'));
if (!isThere) console.warn('skipped: wrapping the real films (../shared/data is absent)');

const EXPECTED: Readonly<Record<FilmPlanName, Readonly<Record<string, number>>>> = {
  'lung-segmentation': { montgomery: 138, shenzhen: 566, radiopaedia: 86, eurorad: 23 },
  tuberculosis: { montgomery: 138, shenzhen: 662 },
  abnormal: { montgomery: 138, shenzhen: 662, guangzhou: 841 },
  sex: { montgomery: 138, shenzhen: 662, radiopaedia: 123, eurorad: 54 },
};

it.skipIf(!isThere)(
  'wraps the real films of the lung plan, with masks of their size',
  () => {
    const order = { dataDirectory: data, plan: 'lung-segmentation', directory: join(folder, 'lung') } as const;
    const sites = wrapFilms({ ...order, sites: Object.keys(EXPECTED['lung-segmentation']) });
    expect(Object.fromEntries(sites.map(({ site, films }) => [site, films]))).toEqual(EXPECTED['lung-segmentation']);
    const { directory, labelTable } = sites[3]!;
    for (const row of parseCsv(readFileSync(labelTable, 'utf8'))) {
      const image = readImage(readFileSync(join(directory, row.file!)));
      const mask = decode(readFileSync(join(directory, row.mask!)));
      expect([mask.height, mask.width]).toEqual([image.rows, image.columns]);
      expect(['PA', 'AP']).toContain(image.header.viewPosition);
      expect(['0', '1', '2', '3', '4']).toContain(row.fold);
    }
  },
  120_000,
);

it.skipIf(!isThere)('finds a class for as many real films as the manifest knows', () => {
  const rows = parseCsv(readFileSync(join(data, 'cxr', 'manifest.csv'), 'utf8'));
  for (const name of ['tuberculosis', 'abnormal', 'sex'] as const) {
    const { label } = FILM_PLANS[name];
    const counts = Object.keys(EXPECTED[name]).map((site) => [
      site,
      rows.filter((row) => row.site === site && label(row) !== undefined).length,
    ]);
    expect(Object.fromEntries(counts)).toEqual(EXPECTED[name]);
  }
});
