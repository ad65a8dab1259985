import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { printed } from '../testing/printed.fixture.js';
import { film, temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { addDataset, showDataset } from './dataset.js';
import { showDicom } from './dicom-show.js';
import { exportReport } from './export-report.js';

let dir: string;
let films: string;
beforeEach(() => {
  dir = temporaryFolder();
  films = temporaryFolder();
  writeFilms(films, 40);
});
afterEach(() => {
  for (const folder of [dir, films]) rmSync(folder, { recursive: true });
});

/** The films of the phantom with twelve bits stored; every second pixel gets something in the four bits above. */
function withUnusedBits(dicom: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(dicom);
  for (let i = bytes.length - 1; i > bytes.length - 512; i -= 4) bytes[i]! |= 0xf0;
  return bytes;
}

const SENTENCE =
  /2 {2}used: bits above Bits Stored are set; they are no part of the values and were left out .*unused-bits/;

it('what a person should know of the values is said when pictures are added, whenever they are shown, and in the report', async () => {
  for (const i of [3, 8]) writeFileSync(join(films, `film-${i}.dcm`), withUnusedBits(film(i).dicom));
  expect(await printed(() => addDataset('films', { dir, from: films, quiet: true }))).toMatch(SENTENCE);
  expect(await printed(() => showDataset('films', { dir }))).toMatch(SENTENCE);
  // A second reading takes them as they were kept, and says it again.
  expect(await printed(() => addDataset('films', { dir, from: films, quiet: true }))).toMatch(SENTENCE);
  for (const ending of ['html', 'md', 'json']) {
    const out = join(dir, `report.${ending}`);
    await printed(() => exportReport('films', { dir, out }));
    expect(readFileSync(out, 'utf8'), ending).toContain('bits above Bits Stored are set');
  }
  expect(process.exitCode).toBeUndefined();
});

it('dicom show says it of one file, and names it in the row of one of many', async () => {
  const folder = join(dir, 'some');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.dcm'), film(1).dicom);
  writeFileSync(join(folder, 'b.dcm'), withUnusedBits(film(2).dicom));
  const one = await printed(() => showDicom(join(folder, 'b.dcm'), { frames: 1 }));
  expect(one).toMatch(/^remark +bits above Bits Stored are set.*\(unused-bits\)$/m);
  const all = await printed(() => showDicom(folder, { frames: 1 }));
  expect(all.match(/unused-bits/g)).toHaveLength(1);
  const json = JSON.parse(await printed(() => showDicom(folder, { frames: 1, json: true })));
  expect(json.files.map(({ remarks }: { remarks: string[] }) => remarks)).toEqual([[], ['unused-bits']]);
});
