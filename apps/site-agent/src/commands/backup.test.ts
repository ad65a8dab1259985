import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { acceptRun, inState } from '../testing/run.fixture.js';
import { temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { addDataset } from './dataset.js';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const SITE = JSON.stringify({ federation: 'test-federation', siteId: 'site-a', coordinator: ['127.0.0.1:1'] });
const PASSPHRASE = 'correct horse battery';

const site = temporaryFolder();
const films = temporaryFolder();
let work: string;
let passphrase: string;
let archive: string;

/** A site with a dataset, a binding, a patient who objected, a run under way, and what was counted in it. */
beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  writeFileSync(join(site, 'site.json'), SITE);
  writeFilms(films, 40);
  await addDataset('films', { dir: site, from: films });
  vi.restoreAllMocks();
  acceptRun(site, 'run-1', 'films');
  inState(site, (state) => {
    state.excluded.add(['somebody']);
    state.bindings.bind('chest', 'films');
    state.work.beginEvaluation('run-1', 'test', 'b'.repeat(64), { lastRound: 3, testModels: 2 });
  });
});
beforeEach(() => {
  work = temporaryFolder();
  passphrase = join(work, 'passphrase');
  archive = join(work, 'site.backup');
  writeFileSync(passphrase, `${PASSPHRASE}\n`);
});
afterEach(() => rmSync(work, { recursive: true }));
afterAll(() => {
  for (const folder of [site, films]) rmSync(folder, { recursive: true });
});

function consilium(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, MAIN, ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const backup = (dir = site) => consilium('backup', '--dir', dir, '--out', archive, '--passphrase-file', passphrase);
const restore = (dir: string) => consilium('restore', '--dir', dir, '--from', archive, '--passphrase-file', passphrase);
const add = (dir: string) => consilium('dataset', 'add', 'films', '--dir', dir, '--from', films, '--quiet');

const partsOf = (dir: string) =>
  inState(dir, (state) => ({ parts: state.datasets.parts('films'), version: state.datasets.find('films')?.version }));

it('a site comes back with its key, split, exclusions, bindings, runs and counts; the same films make the same version', () => {
  const made = backup();
  expect(made).toMatchObject({ status: 0, stderr: '' });
  for (const said of ['pseudonym.key', 'state.sqlite', 'pseudonyms.sqlite', 'site.json', 'not in it: pictures'])
    expect(made.stdout).toContain(said);
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  expect(readFileSync(archive).includes(readFileSync(join(site, 'pseudonym.key'), 'utf8').trim())).toBe(false);
  expect(backup()).toMatchObject({ status: 2, stderr: expect.stringContaining('--out is there already, and is kept') });

  const back = join(work, 'back');
  const restored = restore(back);
  expect(restored).toMatchObject({ status: 0, stderr: '' });
  expect(restored.stdout).toContain('add again, each under its name and from its source: films');
  expect(readFileSync(join(back, 'pseudonym.key'))).toEqual(readFileSync(join(site, 'pseudonym.key')));
  expect(existsSync(join(back, 'restoring'))).toBe(false);
  inState(back, (state) => {
    expect(state.datasets.list()).toEqual([]);
    expect(state.excluded.all()).toEqual(new Set(['somebody']));
    expect(state.bindings.resolve('chest')).toBe('films');
    expect(state.invitations.underWay().map(({ runId }) => runId)).toEqual(['run-1']);
    expect(state.work.counts('run-1')).toEqual({ trainings: 1, validations: 0, tests: 1 });
  });
  expect(add(back)).toMatchObject({ status: 0, stderr: '' });
  expect(partsOf(back)).toEqual(partsOf(site));
}, 60_000);

it('a new folder without it splits the same films anew', () => {
  const fresh = join(work, 'fresh');
  mkdirSync(fresh);
  writeFileSync(join(fresh, 'site.json'), SITE);
  expect(add(fresh).status).toBe(0);
  const test = (dir: string) =>
    [...partsOf(dir).parts].filter(([, part]) => part === 'test').map(([patient]) => patient);
  expect(test(fresh).filter((patient) => test(site).includes(patient))).toEqual([]);
}, 30_000);

it('a wrong passphrase, a file that is cut off anywhere, and one that was changed restore nothing', () => {
  backup();
  const whole = readFileSync(archive);
  const dir = join(work, 'back');
  writeFileSync(passphrase, 'another passphrase\n');
  expect(restore(dir)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^BACKUP_PASSPHRASE_WRONG: /),
  });
  writeFileSync(passphrase, 'short\n');
  expect(restore(dir)).toMatchObject({ status: 2, stderr: expect.stringContaining('12 characters or more') });
  writeFileSync(passphrase, PASSPHRASE);
  for (const length of [0, 10, 100, whole.length - 1]) {
    writeFileSync(archive, whole.subarray(0, length));
    expect(restore(dir), `${length} bytes`).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^BACKUP_CORRUPT: /),
    });
  }
  const changed = Buffer.from(whole);
  changed[whole.length - 100]! ^= 1;
  writeFileSync(archive, changed);
  expect(restore(dir)).toMatchObject({ status: 1, stderr: expect.stringContaining('changed since it was made') });
  expect(existsSync(dir)).toBe(false);
}, 60_000);

it('a folder that holds anything of a site is never written over', () => {
  backup();
  const contents = (dir: string) =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^lock|-(wal|shm)$/.test(name) && statSync(join(dir, name)).isFile())
      .sort();
  const refusedBy = (dir: string, problem: string) => {
    const before = contents(dir);
    expect(restore(dir)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(problem) });
    expect(contents(dir)).toEqual(before);
  };
  refusedBy(site, 'it has the key of this backup already');
  const other = join(work, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'pseudonym.key'), `${'7b'.repeat(32)}\n`);
  refusedBy(other, 'it has another key');
  const foreign = join(work, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'site.json'), SITE.replace('site-a', 'site-b'));
  refusedBy(foreign, 'its site.json is of site site-b of test-federation, and the backup is of site site-a');
  const answered = join(work, 'answered');
  cpSync(site, answered, { recursive: true });
  rmSync(join(answered, 'pseudonym.key'));
  rmSync(join(answered, 'pseudonyms.sqlite'));
  refusedBy(answered, 'it holds datasets or answered invitations');
}, 60_000);

it('a restore that broke off is said by every command, and done by doing it again', () => {
  backup();
  const dir = join(work, 'back');
  mkdirSync(join(dir, 'restoring'), { recursive: true });
  writeFileSync(join(dir, 'site.json'), SITE.replace('127.0.0.1:1', '127.0.0.1:2'));
  cpSync(join(site, 'state.sqlite'), join(dir, 'state.sqlite'));
  const command = consilium('status', '--dir', dir);
  expect(command).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('a restore into this folder has broken off'),
  });
  const again = restore(dir);
  expect(again).toMatchObject({ status: 0, stderr: '' });
  expect(again.stdout).toContain('kept as they were in the folder: site.json');
  expect(readFileSync(join(dir, 'site.json'), 'utf8')).toContain('127.0.0.1:2');
  expect(consilium('status', '--dir', dir).status).toBe(0);
}, 60_000);

it('a dataset that was made with another key warns, and a key that is gone is not made anew', () => {
  const dir = join(work, 'mixed');
  cpSync(site, dir, { recursive: true });
  writeFileSync(join(dir, 'pseudonym.key'), `${'7b'.repeat(32)}\n`);
  expect(consilium('dataset', 'show', 'films', '--dir', dir)).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('warning: the dataset films was made with another pseudonym.key'),
  });
  expect(consilium('status', '--dir', dir).stdout).toContain('dataset films was made with another pseudonym.key');
  const list = join(work, 'objected');
  writeFileSync(list, 'P-1\n');
  const excluding = consilium('dataset', 'exclude', 'films', '--patients', list, '--withdraw', '--dir', dir);
  expect(excluding).toMatchObject({ status: 2, stderr: expect.stringContaining('made with another pseudonym.key') });
  rmSync(join(dir, 'pseudonyms.sqlite'));
  expect(add(dir).stderr).toContain('warning: the dataset films was made with another pseudonym.key');
  rmSync(join(dir, 'pseudonym.key'));
  expect(add(dir)).toMatchObject({ status: 2, stderr: expect.stringContaining('pseudonym.key is gone') });
  expect(existsSync(join(dir, 'pseudonym.key'))).toBe(false);
}, 60_000);
