import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LAUNCHER, PLANS } from './installation.js';

const folder = await mkdtemp(path.join(tmpdir(), 'consilium-cli-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** The built command, as a person calls it. */
async function consilium(...words: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, CONSILIUM_DIR: path.join(folder, 'nowhere') };
    execFile(process.execPath, [LAUNCHER, ...words], { env }, (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code) : 0, out, error }),
    );
  });
}

it('shows its commands', async () => {
  const { code, out } = await consilium('--help');
  expect(code).toBe(0);
  for (const command of ['up', 'down', 'page', 'site', 'plan', 'run', 'model', 'doctor', 'demo'])
    expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
});

it('ends with 2 when it is called wrong, and says how to call it', async () => {
  const wrong = [
    ['nope'],
    ['demo', '--sites', '0'],
    ['demo', '--sites', '17'],
    ['demo', '--seed', '-1'],
    ['demo', '--plan', 'a,,b'],
    ['demo', '--plan', 'sax'],
    ['up', '--http-port', '70000'],
    ['run', 'abort', 'x'],
    ['plan', 'validate'],
    ['site', 'certificate', 'alder'],
  ];
  for (const words of wrong) {
    const { code, error } = await consilium(...words);
    expect([words.join(' '), code]).toEqual([words.join(' '), 2]);
    expect(error).toMatch(/^error: /);
  }
});

it('ends with 1, the code, the sentence and what to do, when something goes wrong', async () => {
  for (const words of [['run', 'list'], ['model', 'list'], ['down']]) {
    const { code, error } = await consilium(...words);
    expect(code).toBe(1);
    expect(error).toMatch(/^NOT_RUNNING: It is not running\.\n/);
    expect(error.trim().split('\n').at(-1)).toContain('--dir');
  }
});

it('validates a plan and names every problem with its line and the nearest known word', async () => {
  const file = path.join(folder, 'bad.yaml');
  const good = await readFile(path.join(PLANS, 'phantom-segmentation.yaml'), 'utf8');
  await writeFile(file, good.replace('baseFilters:', 'baseFilter:').replace('batchSize: 8', 'batchSize: 0'));
  const { code, out } = await consilium('plan', 'validate', file);
  expect(code).toBe(1);
  const lineOf = (word: string) => good.split('\n').findIndex((line) => line.includes(word)) + 1;
  expect(out).toContain(
    `bad.yaml:${lineOf('baseFilters:')}: model.baseFilter is not a word of the vocabulary; did you mean baseFilters?`,
  );
  expect(out).toContain(`bad.yaml:${lineOf('batchSize:')}: training.batchSize must be`);
  const json = await consilium('plan', 'validate', file, '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false });
});

it('validates the size of the model, against the bound of the federation where it has one of its own', async () => {
  const file = path.join(folder, 'large.yaml');
  const good = await readFile(path.join(PLANS, 'phantom-classification.yaml'), 'utf8');
  await writeFile(file, good.replace('baseWidth: 8', 'baseWidth: 128').replace('layers: 18', 'layers: 34'));
  const { code, out } = await consilium('plan', 'validate', file);
  expect(code).toBe(1);
  expect(out).toMatch(/large\.yaml: model has 85\d{6} parameters, more than 64000000: /);
  const allowed = await consilium('plan', 'validate', file, '--maximum-parameters', '90000000');
  expect(allowed.code).toBe(0);
  expect(allowed.out).toMatch(/Its model has 85\d{6} parameters\./);
});

it('shows a plan as prose and in its canonical form, under the same hash', async () => {
  const file = path.join(PLANS, 'phantom-classification.yaml');
  const shown = await consilium('plan', 'show', file);
  expect(shown.out).toContain('What leaves a hospital');
  const canonical = await consilium('plan', 'show', file, '--json');
  const hash = (await consilium('plan', 'validate', file, '--json')).out;
  expect(JSON.parse(canonical.out)).toMatchObject({ name: 'phantom-classification', vocabularyVersion: 2 });
  expect(shown.out).toContain(JSON.parse(hash).hash);
});
