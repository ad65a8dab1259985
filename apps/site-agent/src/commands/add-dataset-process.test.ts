import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openJournal } from '../datasets/ingest-journal.js';
import { film, temporaryFolder } from '../testing/site.fixture.js';

const MAIN = fileURLToPath(new URL('../testing/dataset-main.fixture.ts', import.meta.url));
/** Test films repeat themselves after 350. */
const FILMS = 340;
const SIDE = 128;
const soon = { timeout: 60_000, interval: 5 };
let dir: string;
let films: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  dir = temporaryFolder();
  films = temporaryFolder();
  const lines = ['file,label'];
  for (let i = 0; i < FILMS; i++) {
    writeFileSync(join(films, `film-${i}.dcm`), film(i, { size: SIDE, patient: `P-${i % 50}` }).dicom);
    lines.push(`film-${i}.dcm,${i % 2 ? 'a' : 'b'}`);
  }
  writeFileSync(join(films, 'labels.csv'), lines.join('\n'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  for (const folder of [dir, films]) rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `dataset add` in a process of its own; answers its end. */
function start(site = dir): Promise<Ended> {
  const own = spawn(process.execPath, [...SOURCE_FLAGS, MAIN, site, 'films', films], { stdio: 'pipe' });
  child = own;
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    own[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  return once(own, 'close').then(([code, signal]) => ({ code, signal, ...texts }));
}

const reportOf = (ended: Ended) =>
  (JSON.parse(ended.stdout) as { version: string; report: { usable: number; kept: number; filesIn: number } }).report;

function blobsIn(site = dir): number {
  const blobs = join(site, 'datasets', 'blobs');
  const names = existsSync(blobs) ? readdirSync(blobs, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((name) => /[0-9a-f]{64}$/.test(name)).length;
}

function journalled(site = dir): number {
  const journal = openJournal(join(site, 'journals', 'films.sqlite'));
  try {
    return journal.count();
  } finally {
    journal.close();
  }
}

it('killed in the middle, it goes on with what the journal has, and ends as if nothing had been', async () => {
  const first = start();
  await vi.waitFor(() => expect(blobsIn()).toBeGreaterThan(150), soon);
  child!.kill('SIGKILL');
  expect((await first).signal).toBe('SIGKILL');
  const before = journalled();
  expect(before).toBeGreaterThan(0);
  const second = await start();
  expect(second.code).toBe(0);
  expect(reportOf(second)).toMatchObject({ usable: FILMS, kept: before, filesIn: FILMS + 1 });
  rmSync(join(dir, 'journals', 'films.sqlite'));
  const anew = await start();
  expect(JSON.parse(anew.stdout).version).toBe(JSON.parse(second.stdout).version);
}, 120_000);

it('Ctrl-C ends it at once, and keeps every file that was read', async () => {
  const ending = start();
  await vi.waitFor(() => expect(blobsIn()).toBeGreaterThan(100), soon);
  child!.kill('SIGINT');
  const stoppedAt = performance.now();
  const ended = await ending;
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  expect(ended).toMatchObject({ code: 1, signal: null });
  expect(ended.stderr).toContain('STOPPED');
  const kept = journalled();
  expect(ended.stderr).toContain(`what was read of ${kept} files is kept`);
  expect(kept).toBeGreaterThanOrEqual(80);
  expect(reportOf(await start())).toMatchObject({ usable: FILMS, kept });
}, 120_000);

/** A file system of its own, which is soon full; undefined where that needs other rights. */
function smallDisk(mebibytes: number): { path: string; grow(mebibytes: number): void; release(): void } | undefined {
  const path = join(dir, 'small');
  mkdirSync(path);
  const mounted = (...words: string[]) => spawnSync('mount', words).status === 0;
  if (!mounted('-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path)) return undefined;
  return {
    path,
    grow: (size) => expect(mounted('-o', `remount,size=${size}m`, path)).toBe(true),
    release: () => spawnSync('umount', ['-l', path]),
  };
}

it('a full disk ends it with DISK_FULL, and it goes on when there is space', async ({ skip }) => {
  const disk = smallDisk(6);
  if (!disk) {
    console.warn('skipped: a full disk needs the right to mount a file system');
    return skip();
  }
  try {
    const full = await start(disk.path);
    expect(full.code).toBe(1);
    expect(full.stderr).toContain('DISK_FULL');
    expect(full.stderr).toMatch(/what was read of \d+ files is kept: the same command goes on there/);
    const kept = journalled(disk.path);
    expect(kept).toBeGreaterThan(30);
    expect(kept).toBeLessThan(FILMS);
    disk.grow(64);
    const report = reportOf(await start(disk.path));
    expect(report).toMatchObject({ usable: FILMS });
    expect(report.kept).toBe(kept);
  } finally {
    disk.release();
  }
}, 120_000);
