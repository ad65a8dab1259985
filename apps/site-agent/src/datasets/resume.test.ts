import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { uidFromName } from '@consilium/dicom';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareDataset } from '../pipeline.js';
import { preparationTools, SHARED_POOL } from '../testing/preparation.fixture.js';
import { film, temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { DatasetStore } from './dataset-store.js';
import type { DatasetRequest } from './image.js';
import { openJournal } from './ingest-journal.js';
import { type PreparationTools, preparationStages } from './prepare.js';

const key = Buffer.alloc(32, 9);
const never = new AbortController().signal;
let folder: string;
let root: string;
let read: string[];
let scanned: string[];
beforeEach(() => {
  folder = temporaryFolder();
  root = temporaryFolder();
});
afterEach(() => {
  for (const path of [folder, root]) rmSync(path, { recursive: true });
});

/** One life of the preparation: what it reads is counted. */
async function prepare(
  more: Partial<PreparationTools> = {},
  signal = never,
  from = folder,
  asked: Partial<DatasetRequest> = {},
) {
  read = [];
  scanned = [];
  const pool = SHARED_POOL;
  const journal = openJournal(join(root, 'journal.sqlite'));
  const counting = {
    read: (path: string, stop: AbortSignal, choices?: object) => {
      read.push(path);
      return pool.read(path, stop, choices);
    },
    scan: (path: string, stop: AbortSignal) => {
      scanned.push(path);
      return pool.scan(path, stop);
    },
    annotate: pool.annotate,
    summarize: pool.summarize,
    close: async () => {},
  };
  const request = { name: 'films', folder: from, labels: join(from, 'labels.csv'), classes: undefined, ...asked };
  const stages = preparationStages(preparationTools(join(root, 'store'), key, { journal, pool: counting, ...more }));
  try {
    return await prepareDataset(request, stages, signal);
  } finally {
    journal.close();
  }
}

const blobs = () =>
  readdirSync(join(root, 'store', 'blobs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.length > 60);

it('a reading that was stopped goes on where it was, and gives what one without a stop gives', async () => {
  writeFilms(folder, 40);
  const stop = new AbortController();
  let done = 0;
  const progress: PreparationTools['progress'] = (state) => {
    if (state.phase === 'pictures' && ++done === 15) stop.abort();
  };
  await expect(prepare({ progress }, stop.signal)).rejects.toMatchObject({ code: 'STOPPED' });
  const first = read.length;
  expect(first).toBeLessThan(40);
  const resumed = await prepare();
  expect(read.length).toBeLessThanOrEqual(40 - 14);
  expect(resumed.report.kept).toBe(40 - read.length);
  rmSync(join(root, 'journal.sqlite'));
  expect((await prepare()).version).toBe(resumed.version);
  expect(read).toHaveLength(40);
});

it('reads no file twice, and again those that have changed; a new table needs no pixels', async () => {
  writeFilms(folder, 20);
  writeFileSync(join(folder, 'cut.dcm'), film(51).dicom.subarray(0, 500));
  const table = readFileSync(join(folder, 'labels.csv'), 'utf8');
  writeFileSync(join(folder, 'labels.csv'), `${table}cut.dcm,P-51,clear,\n`);
  const first = await prepare();
  expect(read).toHaveLength(21);
  const second = await prepare();
  expect([read, scanned]).toEqual([[], []]);
  expect(second.version).toBe(first.version);
  expect(second.report).toMatchObject({ kept: 21, usable: 20, setAside: { truncated: 1 }, studies: 20, instances: 20 });

  writeFileSync(join(folder, 'film-3.dcm'), film(33, { patient: 'P-3' }).dicom);
  const later = new Date(Date.now() + 10_000);
  utimesSync(join(folder, 'film-4.dcm'), later, later);
  await prepare();
  expect(read.map((path) => path.slice(-10))).toEqual(['film-3.dcm', 'film-4.dcm']);

  writeFileSync(join(folder, 'labels.csv'), table.replaceAll('nodule', 'mass').replaceAll('P-7', 'P-70'));
  const { version } = await prepare();
  expect(read).toEqual([]);
  const { classes, examples } = await new DatasetStore(join(root, 'store')).load(version);
  expect(classes).toEqual(['clear', 'mass']);
  expect(new Set(examples.map(({ patient }) => patient)).size).toBe(20);
});

it('takes nothing that was torn before it was forced to disk', async () => {
  writeFilms(folder, 12);
  const failing = { ...preparationTools(root, key).store, save: () => Promise.reject(new Error('power cut')) };
  const store = Object.assign(new DatasetStore(join(root, 'store')), { save: failing.save });
  await expect(prepare({ store })).rejects.toThrow('power cut');
  const [torn, gone] = blobs().map((name) => join(root, 'store', 'blobs', name));
  writeFileSync(torn!, readFileSync(torn!).subarray(0, 100));
  rmSync(gone!);
  await prepare();
  expect(read.length).toBeGreaterThan(0);
  expect(read.length).toBeLessThanOrEqual(2);
  expect(existsSync(gone!)).toBe(true);
  expect(statSync(torn!).size).toBeGreaterThan(100);
});

it('adding patients moves nobody to another part', async () => {
  writeFilms(folder, 40);
  const first = await prepare();
  for (let i = 40; i < 100; i++) writeFileSync(join(folder, `film-${i}.dcm`), film(i).dicom);
  const rows = Array.from({ length: 60 }, (_, i) => `film-${i + 40}.dcm,P-${i + 40},clear,`);
  writeFileSync(join(folder, 'labels.csv'), `${readFileSync(join(folder, 'labels.csv'), 'utf8')}${rows.join('\n')}\n`);
  const second = await prepare({ knownParts: first.parts });
  expect(second.summary).toEqual({ train: 60, validation: 15, test: 25 });
  for (const [patient, part] of first.parts) expect(second.parts.get(patient)).toBe(part);
  // Without that memory the split would be another one: the test can tell.
  const forgetful = await prepare();
  expect([...first.parts].some(([patient, part]) => forgetful.parts.get(patient) !== part)).toBe(true);
});

it('a further folder is added to the version that there is; what is there already is a duplicate', async () => {
  writeFilms(folder, 20);
  const first = await prepare();
  const base = await new DatasetStore(join(root, 'store')).load(first.version);
  const more = temporaryFolder();
  writeFileSync(join(more, 'old.dcm'), film(3).dicom);
  writeFileSync(join(more, 'pixels.dcm'), film(4, { header: { sopInstanceUid: uidFromName('another') } }).dicom);
  writeFileSync(join(more, 'new.dcm'), film(60, { patient: 'P-2' }).dicom);
  const lines = ['file,patient_id,label', 'old.dcm,P-3,nodule', 'pixels.dcm,P-4,clear', 'new.dcm,P-2,clear'];
  writeFileSync(join(more, 'labels.csv'), lines.join('\n'));
  const second = await prepare({ base, knownParts: first.parts }, never, more);
  rmSync(more, { recursive: true });
  expect(second.report).toMatchObject({ usable: 1, examples: 1, setAside: { duplicate: 2 } });
  const { examples } = await new DatasetStore(join(root, 'store')).load(second.version);
  expect(examples).toHaveLength(21);
  expect(examples.filter(({ id }) => base.examples.some((example) => example.id === id))).toEqual(base.examples);
});

it('a file whose reader fails is set aside alone, and tried again another time unless its bytes are to blame', async () => {
  writeFilms(folder, 12);
  const failures = new Map<string, ErrorCode>([
    ['film-1.dcm', 'DICOM_TIMEOUT'],
    ['film-2.dcm', 'INTERNAL'],
    ['film-3.dcm', 'DICOM_UNREADABLE'],
    ['film-4.dcm', 'DICOM_CODESTREAM_INVALID'],
    ['film-5.dcm', 'DICOM_TOO_LARGE'],
  ]);
  const pool: PreparationTools['pool'] = {
    ...SHARED_POOL,
    read: async (path, stop, choices) => {
      const code = failures.get(basename(path));
      if (code) throw new ConsiliumError(code);
      return SHARED_POOL.read(path, stop, choices);
    },
  };
  const { report } = await prepare({ pool });
  const reasons = { timeout: 1, 'reader-failed': 1, unreadable: 1, undecodable: 1, 'too-large': 1 };
  expect(report.setAside).toEqual(reasons);
  expect((await prepare()).report.setAside).toEqual({ undecodable: 1, 'too-large': 1 });
  // Several are under way at once: which of them the disk gives first is not said.
  expect(read.map((path) => basename(path)).sort()).toEqual(['film-1.dcm', 'film-2.dcm', 'film-3.dcm']);
});

it('text in a picture sets it aside until a person has looked at it, and what was not searched is searched later', async () => {
  writeFilms(folder, 12);
  const ultrasound = film(40, { header: { modality: 'US' } }).dicom; // such pictures show text as a rule
  writeFileSync(join(folder, 'echo.dcm'), ultrasound);
  writeFileSync(
    join(folder, 'labels.csv'),
    `${readFileSync(join(folder, 'labels.csv'), 'utf8')}echo.dcm,P-40,clear,\n`,
  );
  const asked = (some: Partial<DatasetRequest>) => prepare({}, never, folder, some);
  expect((await asked({})).report.setAside).toEqual({ 'burned-in': 1 });
  expect((await asked({})).report.setAside).toEqual({ 'burned-in': 1 });
  expect(read).toEqual([]);
  expect((await asked({ lookedAt: ['echo.dcm'] })).report.usable).toBe(13);
  expect(read).toHaveLength(1);
  rmSync(join(root, 'journal.sqlite'));
  expect((await asked({ textCheck: 'tag' })).report.usable).toBe(13);
  expect((await asked({ textCheck: 'tag' })).report.kept).toBe(13);
  expect((await asked({})).report.setAside).toEqual({ 'burned-in': 1 });
  expect(read).toHaveLength(13);
});

it('the journal names no file, folder or patient', async () => {
  writeFilms(folder, 12);
  await prepare();
  const bytes = readdirSync(root)
    .filter((name) => name.startsWith('journal'))
    .map((name) => readFileSync(join(root, name)));
  for (const word of ['film-', folder, 'P-1', 'Test^Patient', uidFromName('instance 3 16')])
    for (const part of bytes) expect(part.includes(word), word).toBe(false);
  expect(bytes.some((part) => part.includes('ACME'))).toBe(true);
});
