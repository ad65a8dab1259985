import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { acceptRun, inState } from '../testing/run.fixture.js';
import { temporaryFolder, writeFilms } from '../testing/site.fixture.js';
import { addDataset } from './dataset.js';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const RUN = '5cf0d4c1-6e01-4d5e-9f53-0f1d6a2c7b11';

const prepared = temporaryFolder();
const films = temporaryFolder();
let dir: string;
let list: string;

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  writeFilms(films, 40);
  await addDataset('films', { dir: prepared, from: films });
  await addDataset('others', { dir: prepared, from: films, shares: '40,30,30' });
  vi.restoreAllMocks();
});
beforeEach(() => {
  dir = temporaryFolder();
  cpSync(prepared, dir, { recursive: true });
  list = join(dir, 'objected.txt');
  writeFileSync(list, 'P-3\n');
});
afterEach(() => rmSync(dir, { recursive: true }));
afterAll(() => {
  for (const folder of [prepared, films]) rmSync(folder, { recursive: true });
});

/** The agent's own command line, as a person types it. */
function consilium(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, MAIN, ...words, '--dir', dir], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const held = () =>
  inState(dir, (state) => ({
    datasets: state.datasets.list().map(({ name, version }) => `${name} ${version}`),
    bindings: state.bindings.list(),
    excluded: state.excluded.all().size,
    underWay: state.invitations.underWay().map(({ runId }) => runId),
    acts: state.acts.list(10).map(({ kind, about }) => `${kind} ${about}`),
  }));

const WAYS: [string, () => string[], string, string][] = [
  ['remove', () => ['remove', 'films'], 'dataset films removed', 'dataset.remove films'],
  ['exclude', () => ['exclude', 'films', '--patients', list], '1 images left out', 'dataset.exclude films'],
  ['bind', () => ['bind', 'films', 'others'], 'a plan that calls for films gets dataset others', 'dataset.bind films'],
];

it.each(WAYS)(
  '%s stands back before a run under way, and says which one',
  (_, words) => {
    const version = acceptRun(dir, RUN, 'films');
    const before = held();
    const { status, stdout, stderr } = consilium('dataset', ...words());
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('DATASET_IN_USE: Runs under way use the dataset; nothing was changed.');
    expect(stderr).toContain(`run ${RUN}, plan small, round 1: uses version ${version.slice(0, 12)} of films`);
    expect(stderr).toContain('--withdraw');
    expect(held()).toEqual(before);
  },
  30_000,
);

it.each(WAYS)(
  '%s --withdraw leaves the run, books it, and keeps nothing of the run',
  (_, words, said, act) => {
    const version = acceptRun(dir, RUN, 'films');
    const tensors = join(dir, 'tensors', version);
    cpSync(films, tensors, { recursive: true });
    writeFileSync(join(dir, 'weights', 'f'.repeat(64)), 'a chunk of an update');
    const { status, stdout, stderr } = consilium('dataset', ...words(), '--withdraw');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(said);
    expect(stdout).toContain(
      `left run ${RUN}, plan small: the agent tells the coordinator first of all when it is started`,
    );
    expect(held()).toMatchObject({ underWay: [], acts: [act, `run.withdraw ${RUN}`] });
    inState(dir, (state) => expect(state.invitations.untoldWithdrawals().map(({ runId }) => runId)).toEqual([RUN]));
    expect(existsSync(tensors)).toBe(false);
    expect(readdirSync(join(dir, 'weights'))).toEqual([]);
  },
  30_000,
);

it('a command that no run stands before says nothing of runs, and is booked too', () => {
  const { status, stdout } = consilium('dataset', 'remove', 'films');
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'dataset films removed\n' });
  expect(held().acts).toEqual(['dataset.remove films']);
  inState(dir, (state) => state.bindings.bind('chest', 'others'));
  acceptRun(dir, RUN, 'others');
  expect(consilium('dataset', 'unbind', 'chest').status).toBe(0);
  expect(held().underWay).toEqual([RUN]);
}, 30_000);

it('leave takes the site out of one run, and book says what was done and when', () => {
  expect(consilium('book')).toMatchObject({ status: 0, stdout: 'nothing is booked yet\n' });
  acceptRun(dir, RUN, 'films');
  acceptRun(dir, 'another-run', 'films');
  expect(consilium('leave', 'no-such-run')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^RUN_NOT_FOUND: /),
  });
  const { status, stdout } = consilium('leave', RUN);
  expect(status).toBe(0);
  expect(stdout).toContain(`left run ${RUN}, plan small: the agent tells the coordinator first of all`);
  expect(held().underWay).toEqual(['another-run']);
  const book = consilium('book').stdout;
  expect(book).toMatch(
    new RegExp(`1 +20\\d\\d-\\d\\d-\\d\\dT[0-9:]{8} +run\\.withdraw +${RUN} +plan small, dataset films`),
  );
  expect(book).toContain('because decided');
}, 60_000);
