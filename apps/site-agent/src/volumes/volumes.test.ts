import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CT_IMAGE_STORAGE, uidFromName, writeSlice } from '@consilium/dicom';
import { afterAll, expect, it, vi } from 'vitest';
import { showVolumes } from '../commands/dicom-volumes.js';
import { openDecodePool } from '../decoding/decode-pool.js';
import { readSeries } from './read-series.js';
import { viewVolume } from './volume-views.js';

const folder = mkdtempSync(join(tmpdir(), 'consilium-volumes-'));
const pool = openDecodePool({ threads: 1 });
const never = new AbortController().signal;
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

const [ROWS, COLUMNS] = [6, 8];

/** A slice at a height, whose values are 100 x the height in steps of 2 mm, 10 x the row and the column together. */
function write(
  file: string,
  heightMm: number,
  changes: { number?: number; series?: string; name?: string } = {},
): void {
  const { number = heightMm + 1, series = 'one', name = `${series} ${heightMm}` } = changes;
  const bytes = writeSlice({
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(name),
    study: {
      patientId: 'P1',
      patientName: 'Phantom^P1',
      patientSex: 'F',
      patientAge: '050Y',
      studyInstanceUid: uidFromName('study'),
      studyDate: '20240101',
      studyTime: '101010',
    },
    equipment: {
      manufacturer: 'Vendor',
      model: 'Model',
      deviceSerialNumber: 'S1',
      softwareVersions: '1',
      institutionName: 'House',
    },
    series: {
      seriesInstanceUid: uidFromName(series),
      seriesNumber: 1,
      frameOfReferenceUid: uidFromName('frame of reference'),
      bodyPartExamined: 'CHEST',
      patientPosition: 'HFS',
    },
    instanceNumber: number,
    plane: {
      positionMm: [-4, -3, heightMm],
      orientation: [1, 0, 0, 0, 1, 0],
      spacingMm: { row: 1, column: 1 },
      thicknessMm: 2,
    },
    rows: ROWS,
    columns: COLUMNS,
    stored: Array.from(
      { length: ROWS * COLUMNS },
      (_, i) => 50 * heightMm + 10 * Math.floor(i / COLUMNS) + (i % COLUMNS),
    ),
    bitsStored: 12,
    isSigned: false,
    rescale: { slope: 1, intercept: 0 },
    acquisition: { KVP: 120 },
  });
  writeFileSync(join(folder, file), bytes);
}

it('reads a folder into volumes, and cuts them from three sides', async () => {
  write('c.dcm', 0);
  write('a.dcm', 2);
  write('d.dcm', 4);
  write('copy.dcm', 4); // the same instance
  write('b.dcm', 8);
  write('again.dcm', 8, { name: 'another instance', number: 99 });
  write('other.dcm', 0, { series: 'two' });
  writeFileSync(join(folder, 'note.txt'), 'nothing to see');
  const files = ['again.dcm', 'a.dcm', 'b.dcm', 'c.dcm', 'copy.dcm', 'd.dcm', 'note.txt', 'other.dcm'].sort();
  const seen: number[] = [];
  const { series, setAside } = await readSeries(folder, files, pool, never, (done) => seen.push(done));
  expect(setAside).toEqual([{ file: 'note.txt', code: 'DICOM_NOT_DICOM' }]);
  expect(seen.at(-1)).toBe(files.length);
  const [one, two] = series.toSorted((a, b) => b.files - a.files);
  expect([one!.files, one!.copies, two!.files]).toEqual([6, 1, 1]);
  const [stack] = one!.geometry.stacks;
  expect(stack!.order.map((index) => one!.slices[index]!.file)).toEqual([
    'c.dcm',
    'a.dcm',
    expect.stringMatching(/^copy|^d/),
    'b.dcm',
  ]);
  expect(stack!.findings).toEqual([
    { kind: 'duplicates', slices: 1, places: 1 },
    { kind: 'missing-slices', slices: 1, gaps: 1 },
  ]);

  const views = await viewVolume({ ...stack!, spacingMm: 2 }, one!.slices, folder, pool, never);
  expect(views.slice).toMatchObject({ rows: ROWS, columns: COLUMNS });
  expect(views.slice.grey[9]).toBe(200 + 11); // the slice at 4 mm
  expect([views.rows.rows, views.rows.columns]).toEqual([10, COLUMNS]);
  expect([views.columns.rows, views.columns.columns]).toEqual([10, ROWS]);
  // From the top: the slice at 8 mm reaches to 7; up to 5 is the gap; below it values grow by 50 a millimetre.
  const column = (view: { columns: number; grey: Float32Array }) =>
    Array.from({ length: 10 }, (_, row) => view.grey[row * view.columns + 2]!);
  expect(column(views.rows)).toEqual([432, 432, 30, 30, 232, 207, 157, 107, 57, 32]);
  expect(column(views.columns)).toEqual([424, 424, 4, 4, 224, 199, 149, 99, 49, 24]);
});

it('says it to a person and to a program, and draws where it is asked to', async () => {
  const lines: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const pictures = join(folder, 'pictures');
  try {
    write('tab\there.dcm', 0, { series: 'three' });
    await showVolumes(folder, { png: pictures });
    const text = lines.splice(0).join('');
    for (const part of [
      '6 files, first a.dcm\n',
      '  1 file with an instance that another file has already: left out.\n',
      '  Stack 1: 4 slices of 6 x 8, pixels 1 x 1 mm, 2 mm apart\n',
      '    1 slice missing, in one gap.\n',
      'first tab\\there.dcm\n',
      '    A single slice: no volume.\n',
      '1 file set aside; ',
    ])
      expect(text).toContain(part);
    expect(readdirSync(pictures).map((name) => name.replace(/series-\d/, 'series'))).toEqual([
      'series-stack-1-columns.png',
      'series-stack-1-rows.png',
      'series-stack-1-slice.png',
    ]);
    rmSync(pictures, { recursive: true });
    await showVolumes(folder, { json: true });
    const { series, setAside } = JSON.parse(lines.join('')) as {
      series: { files: number; stacks: { findings: { kind: string; sentence: string }[] }[] }[];
      setAside: unknown[];
    };
    expect(setAside).toHaveLength(1);
    const [first] = series.toSorted((a, b) => b.files - a.files);
    expect(first!.stacks[0]!.findings.map(({ kind }) => kind)).toEqual(['duplicates', 'missing-slices']);
  } finally {
    out.mockRestore();
  }
  await expect(showVolumes(join(folder, 'nowhere'), {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
