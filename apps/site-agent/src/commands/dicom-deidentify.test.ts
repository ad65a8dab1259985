import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uidFromName, writeDataSet, writeImage } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readPseudonymKey, siteFolder } from '../platform/site-folder.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import { type DeidentifyCommandOptions, deidentifyFiles } from './dicom-deidentify.js';

let root: string;
let source: string;
let out: string;
let printed: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deidentify-'));
  source = join(root, 'in');
  out = join(root, 'out');
  mkdirSync(join(source, 'sub'), { recursive: true });
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(root, { recursive: true, force: true });
});

function scan(name: string, patientName = 'Doe^Janet'): Uint8Array {
  const header = {
    sopInstanceUid: uidFromName(name),
    studyInstanceUid: uidFromName('study'),
    seriesInstanceUid: uidFromName('series'),
    patientId: 'MRN-448812',
    patientName,
    patientSex: 'F',
  };
  return writeImage({ header, rows: 40, columns: 40, stored: new Array(1600).fill(7), bitsStored: 8 });
}

/** The code of the error, and the problem that it names. */
async function refusal(input: string, options: DeidentifyCommandOptions): Promise<string> {
  const error = await deidentifyFiles(input, options).catch((thrown: unknown) => thrown);
  return error instanceof ConsiliumError ? `${error.code}: ${error.detail.problem}` : 'none';
}

it('writes every file of a folder under its new UID, and counts all of them', async () => {
  writeFileSync(join(source, 'a.dcm'), scan('a'));
  writeFileSync(join(source, 'sub', 'MRN-448812.dcm'), scan('b'));
  writeFileSync(join(source, 'same.dcm'), scan('a'));
  writeFileSync(join(source, 'notes\u001b[31m.txt'), 'Janet Doe');
  symlinkSync('/etc/passwd', join(source, 'link'));
  await deidentifyFiles(source, { out });
  const names = readdirSync(out);
  expect(names).toHaveLength(2);
  for (const name of names) {
    expect(name).toMatch(/^2\.25\.\d+\.dcm$/);
    expect(readFileSync(join(out, name)).toString('latin1')).not.toMatch(/Janet|Doe|448812/);
  }
  expect(printed).toContain('5 files in, 2 written, 3 set aside');
  expect(printed).not.toContain('nobody has looked');
  expect(printed).toContain('same.dcm: the same instance again');
  expect(printed).toContain('link: not a regular file');
  expect(printed).toContain('DICOM_NOT_DICOM');
  expect(printed).not.toContain('\u001b');
});

it('gives the same pseudonyms in every run with a site folder, and keeps the way back in its map', async () => {
  const site = join(root, 'site');
  mkdirSync(site);
  writeFileSync(join(source, 'a.dcm'), scan('a'));
  await deidentifyFiles(source, { out, dir: site });
  const [name] = readdirSync(out);
  await deidentifyFiles(join(source, 'a.dcm'), { out: join(root, 'again'), dir: site });
  expect(readdirSync(join(root, 'again'))).toEqual([name]);
  const folder = siteFolder(site);
  const map = PseudonymMap.open(folder.pseudonymMap, readPseudonymKey(folder));
  expect(map.find(name!.slice(0, -4))).toMatchObject({ kind: 'instance', original: uidFromName('a') });
  map.close();
  await deidentifyFiles(source, { out: join(root, 'other') });
  expect(readdirSync(join(root, 'other'))).not.toEqual([name]);
});

it('shows what becomes of each element, with header text that cannot harm a terminal, and writes nothing', async () => {
  const bytes = scan('a', 'Doe^Janet');
  Buffer.from(bytes.buffer).write('\u0007\r\u001b[', Buffer.from(bytes.buffer).indexOf('Doe^Janet'), 'latin1');
  writeFileSync(join(source, 'a.dcm'), bytes);
  await deidentifyFiles(source, { diff: true, dryRun: true, out });
  expect(existsSync(out)).toBe(false);
  expect(printed).toMatch(/replaced \(0010,0010\) .*Patient's Name .*\[Z, pseudonym\]/);
  expect(printed).toContain('\\u0007\\r');
  for (const control of ['\u0007', '\r', '\u001b']) expect(printed).not.toContain(control);
  expect(printed).toContain('kept     (7FE0,0010)');
  expect(printed).toContain('burned-in text: clean');
  expect(printed).toContain('1 would be written');
});

it('sets pictures with burned-in text aside, unless told to write them', async () => {
  const bytes = Buffer.from(scan('a'));
  const at = bytes.indexOf('ORIGINAL\\PRIMARY');
  bytes.write('DERIVED\\SCREEN  ', at, 'latin1');
  writeFileSync(join(source, 'a.dcm'), bytes);
  await deidentifyFiles(source, { out });
  expect(printed).toContain('a.dcm: burned-in text suspected: screen save');
  expect(readdirSync(out)).toEqual([]);
  await deidentifyFiles(source, { out, withBurnedIn: true });
  expect(readdirSync(out)).toHaveLength(1);
});

const ROWS = 200;
const COLUMNS = 320;
const RLE = '1.2.840.10008.1.2.5';
/** Letters of five by seven dots. */
const LETTERS: Readonly<Record<string, string>> = {
  D: '####. #...# #...# #...# #...# #...# ####.',
  O: '.###. #...# #...# #...# #...# #...# .###.',
  E: '##### #.... #.... ####. #.... #.... #####',
  J: '..### ...#. ...#. ...#. ...#. #..#. .##..',
  A: '.###. #...# #...# ##### #...# #...# #...#',
  N: '#...# ##..# #.#.# #..## #...# #...# #...#',
};

/** A film under RLE with a line of text in it. */
function compressed(name: string, line: string): Uint8Array {
  const pixels = Buffer.alloc(ROWS * COLUMNS, 40);
  for (const [at, letter] of [...line].entries())
    for (const [y, dots] of (LETTERS[letter]?.split(' ') ?? []).entries())
      for (const [x, dot] of [...dots].entries())
        if (dot === '#')
          for (const row of [20 + 2 * y, 21 + 2 * y]) pixels.fill(250, ...span(row * COLUMNS + 20 + 12 * at + 2 * x));
  const uid = (kind: string) => uidFromName(`${name} ${kind}`);
  return writeDataSet(
    {
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: uid('instance'), Modality: 'CR' },
      ...{ StudyInstanceUID: uid('study'), SeriesInstanceUID: uid('series'), PatientID: 'MRN-448812' },
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: ROWS, Columns: COLUMNS },
      ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
      PixelData: { frames: [runLengths(pixels)] },
    },
    RLE,
  );
}

const span = (from: number): [number, number] => [from, from + 2];

/** One segment of literal runs (PS3.5 annex G). */
function runLengths(pixels: Buffer): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32LE(1, 0);
  head.writeUInt32LE(64, 4);
  const runs = Array.from({ length: pixels.length / 128 }, (_, i) =>
    Buffer.concat([Uint8Array.of(127), pixels.subarray(128 * i, 128 * (i + 1))]),
  );
  return Buffer.concat([head, ...runs]);
}

it('looks at compressed pixels too, and says which it cannot look at', async () => {
  writeFileSync(join(source, 'plain.dcm'), compressed('plain', ''));
  writeFileSync(join(source, 'named.dcm'), compressed('named', 'DOE JANE'));
  const broken = Buffer.from(compressed('broken', ''));
  broken.writeUInt32LE(9, broken.lastIndexOf(Buffer.from([1, 0, 0, 0, 64, 0, 0, 0]))); // segments of the RLE frame
  writeFileSync(join(source, 'broken.dcm'), broken);
  await deidentifyFiles(source, { out });
  expect(printed).toContain('3 files in, 2 written, 1 set aside');
  expect(printed).toContain('named.dcm: burned-in text suspected: the pixels look as if they had text');
  expect(printed).toContain('nobody has looked for text in the pixels of 1');
});

it('never writes into what it reads', async () => {
  writeFileSync(join(source, 'a.dcm'), scan('a'));
  symlinkSync(source, join(root, 'alias'));
  const inside = 'REQUEST_INVALID: --out must not be the folder that is read, nor lie in it';
  for (const place of [source, join(source, 'new', 'deep'), join(root, 'alias'), join(root, 'alias', 'new')])
    expect(await refusal(source, { out: place })).toBe(inside);
  expect(await refusal(join(source, 'a.dcm'), { out: source })).toBe(inside);
  expect(readdirSync(source).sort()).toEqual(['a.dcm', 'sub']);
});

it('says what is wrong with its arguments', async () => {
  writeFileSync(join(source, 'p.json'), '{"age": "exact"}');
  writeFileSync(join(source, 'q.json'), '{');
  expect(await refusal(join(root, 'none'), { out })).toMatch(/^REQUEST_INVALID: there is no such file/);
  expect(await refusal(source, {})).toMatch(/^REQUEST_INVALID: say where/);
  expect(await refusal(source, { out, policy: join(source, 'p.json') })).toMatch(/POLICY_INVALID: age: one of band/);
  expect(await refusal(source, { out, policy: join(source, 'q.json') })).toMatch(
    /POLICY_INVALID: the file is not JSON/,
  );
  expect(await refusal(source, { out, policy: join(source, 'none.json') })).toMatch(/policy file does not exist/);
});

it('fails by its exit code when a single file gives nothing', async () => {
  writeFileSync(join(source, 'a.dcm'), 'no DICOM');
  await deidentifyFiles(join(source, 'a.dcm'), { out });
  expect(process.exitCode).toBe(1);
});

const corpus = new URL('../../../../../shared/data/dicom/', import.meta.url);
const isThere = existsSync(corpus);
const hasDciodvfy = spawnSync('dciodvfy', ['-version']).error === undefined;
if (!isThere || !hasDciodvfy)
  console.warn('skipped: dciodvfy on de-identified files (it, or ../shared/data, is absent)');

/** Kinds of errors that dciodvfy finds, without the values that they name. */
function errorKinds(path: string): Set<string> {
  const { stderr } = spawnSync('dciodvfy', [path], { encoding: 'latin1', timeout: 60_000 });
  const errors = stderr.split('\n').filter((line) => line.startsWith('Error'));
  return new Set(
    errors.map((line) =>
      line
        .replace(/<[^>]*>/g, '<>')
        .replace(/\[\d+\]/g, '[]')
        .replace(/\d+/g, '#'),
    ),
  );
}

it.skipIf(!isThere || !hasDciodvfy)('adds no kind of error that dciodvfy knows', { timeout: 300_000 }, async () => {
  const tried: string[] = [];
  const added: string[] = [];
  for (const part of [
    'cxr_dicom',
    'equiv_ct',
    'phi',
    'vendors',
    'nema_wg04',
    'seg_objects',
    'multiframe',
    'pixel_formats',
    'charsets',
  ]) {
    for (const name of readdirSync(new URL(part, corpus))) {
      const path = new URL(`${part}/${name}`, corpus).pathname;
      rmSync(out, { recursive: true, force: true });
      await deidentifyFiles(path, { out, withBurnedIn: true });
      const [written] = readdirSync(out);
      if (written === undefined) continue; // refused as not readable
      const before = errorKinds(path);
      if ([...before].some((kind) => kind.includes('Information Object Not found'))) continue; // judged by nothing
      tried.push(name);
      const after = [...errorKinds(join(out, written))].filter((kind) => !before.has(kind));
      added.push(...after.map((kind) => `${part}/${name}: ${kind}`));
    }
  }
  vi.mocked(process.stdout.write).mockRestore();
  console.info(`dciodvfy on ${tried.length} de-identified files: ${added.length} new kinds of errors`);
  expect(added).toEqual([]);
  expect(tried.length).toBeGreaterThan(60);
});
