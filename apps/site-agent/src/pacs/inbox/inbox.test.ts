import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { expect, it } from 'vitest';
import { newFolder } from '../testing/folders.fixture.js';
import { writeSlices } from '../testing/pacs.fixture.js';
import { identifyFile } from './identify.js';
import { Inbox } from './inbox.js';

const NEVER = new AbortController().signal;
const files = writeSlices({ name: 'inbox', studies: 2, slices: 3, size: 16 });
const bytesOf = async function* (path: string) {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
};

async function put(inbox: Inbox, path: string, onlyExpected = false) {
  const { booked } = await inbox.intake({ onlyExpected }).receive(bytesOf(path), NEVER);
  return booked;
}

it('keeps each instance once, under a name that says nothing, for its owner alone', async () => {
  const folder = newFolder();
  const inbox = await Inbox.open(folder);
  const outcomes = await Promise.all([...files, ...files].map((file) => put(inbox, file)));
  expect(outcomes.filter((it) => it === 'stored')).toHaveLength(6);
  expect(outcomes.filter((it) => it === 'duplicate')).toHaveLength(6);
  expect(inbox.counts()).toMatchObject({ studies: 2, series: 2, instances: 6, arrived: 6, duplicates: 6 });
  const kept = [...inbox.files()].map(({ path }) => readFileSync(path).toString('base64')).sort();
  expect(kept).toEqual(files.map((file) => readFileSync(file).toString('base64')).sort());
  for (const name of readdirSync(join(folder, 'files'))) expect(name).toMatch(/^[0-9a-f]{64}\.dcm$/);
  const modes = ['.', 'files', 'incoming', 'ledger.sqlite'].map((path) => statSync(join(folder, path)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o700, 0o600]);
  await inbox.close();
});

it('keeps different objects of one identifier beside each other, over restarts, and not without end', async () => {
  const folder = newFolder();
  const own = readFileSync(files[0]!);
  const changed = Array.from({ length: 6 }, (_, i) => {
    const path = join(newFolder(), 'changed.dcm');
    writeFileSync(path, Buffer.concat([own.subarray(0, -1), Buffer.from([(own.at(-1)! + i + 1) % 256])]));
    return path;
  });
  const first = await Inbox.open(folder);
  expect(await put(first, files[0]!)).toBe('stored');
  const outcomes = await Promise.all([changed[0]!, files[0]!, changed[0]!].map((path) => put(first, path)));
  expect(outcomes.sort()).toEqual(['conflict', 'duplicate', 'duplicate']);
  expect(first.counts()).toMatchObject({ instances: 1, arrived: 1, duplicates: 2, conflicts: 1 });
  await first.close();
  const second = await Inbox.open(folder);
  expect(second.counts()).toMatchObject({ arrived: 1, conflicts: 1 });
  expect(await put(second, changed[0]!)).toBe('duplicate');
  for (const path of changed.slice(1)) expect(await put(second, path)).toBe('conflict');
  expect(readdirSync(join(folder, 'files'))).toHaveLength(4);
  expect(readFileSync([...second.files()][0]!.path)).toEqual(own);
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  await second.close();
});

it('opens an inbox of the version before, with what it has', async () => {
  const folder = newFolder();
  const first = await Inbox.open(folder);
  for (const file of files) await put(first, file);
  await first.close();
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'));
  database.exec('DROP TABLE other_object; PRAGMA user_version = 1');
  database.close();
  const second = await Inbox.open(folder);
  expect(second.counts()).toMatchObject({ arrived: 6, conflicts: 0 });
  await second.close();
});

it('takes only what is expected where it is told so', async () => {
  const inbox = await Inbox.open(newFolder());
  const { studyUid, seriesUid, sopUid, sopClassUid } = await identifyFile(files[0]!);
  inbox.ledger.expect(studyUid, new Map([[seriesUid, [{ sopUid, sopClassUid }]]]));
  expect(await put(inbox, files[0]!, true)).toBe('stored');
  expect(await put(inbox, files[1]!, true)).toBe('stored'); // of the same study: the PACS has got more of it meanwhile
  expect(await put(inbox, files[5]!, true)).toBe('unexpected');
  expect(inbox.counts()).toMatchObject({ instances: 2, arrived: 2 });
  await inbox.close();
});

it('refuses what is too large or no DICOM, and goes on', async () => {
  const folder = newFolder();
  const inbox = await Inbox.open(folder, statSync(files[0]!).size - 1);
  const { studyUid, seriesUid, sopUid, sopClassUid } = await identifyFile(files[0]!);
  inbox.ledger.expect(studyUid, new Map([[seriesUid, [{ sopUid, sopClassUid }]]]));
  expect(await put(inbox, files[0]!, true)).toBe('refused');
  expect(inbox.counts()).toMatchObject({ instances: 1, refused: 1, missing: 0 });
  const text = join(newFolder(), 'text');
  writeFileSync(text, 'no DICOM');
  expect(await put(inbox, text)).toBe('refused');
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  await inbox.close();
});

it('clears away what a crash has left, and asks again for a file that is gone', async () => {
  const folder = newFolder();
  const first = await Inbox.open(folder);
  for (const file of files) await put(first, file);
  const lost = [...first.files()][2]!;
  await first.close();
  writeFileSync(join(folder, 'incoming', 'half.part'), 'half');
  writeFileSync(join(folder, 'files', 'renamed-not-booked.dcm'), 'whole');
  rmSync(lost.path);
  const second = await Inbox.open(folder);
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  expect(readdirSync(join(folder, 'files'))).toHaveLength(5);
  expect(second.counts()).toMatchObject({ instances: 6, arrived: 5, missing: 1 });
  await second.close();
});

it('belongs to one process at a time', async () => {
  const folder = newFolder();
  const inbox = await Inbox.open(folder);
  await expect(Inbox.open(folder)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  await inbox.close();
  await (await Inbox.open(folder)).close();
});

const canMount = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0;
if (!canMount) console.warn('inbox: the full disk is skipped: needs unshare -rm');

it.skipIf(!canMount)('says that a disk is full, keeps what it has, and goes on when there is room', () => {
  const main = fileURLToPath(new URL('../testing/full-disk.fixture.ts', import.meta.url));
  const disk = newFolder();
  const large = writeSlices({ name: 'large', studies: 1, slices: 12, size: 256 });
  const script = 'mount -t tmpfs -o size=1M tmpfs "$0" && exec "$@"';
  const words = [disk, process.execPath, ...SOURCE_FLAGS, main, disk, ...large];
  const text = execFileSync('unshare', ['-rm', 'sh', '-c', script, ...words], { encoding: 'utf8' });
  const { code, arrived, left, arrivedAfter } = JSON.parse(text) as Record<string, unknown>;
  expect(code).toBe('DISK_FULL');
  expect(arrived).toBeGreaterThan(2);
  expect(arrived).toBeLessThan(12);
  expect(left).toEqual([]);
  expect(arrivedAfter).toBe(12);
});
