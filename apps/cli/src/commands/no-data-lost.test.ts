import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DemoFolder } from '../demo/demo-folder.js';
import { readEnvironment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { siteCertificate } from './site-certificate.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'consilium-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failureOf = async (act: () => Promise<void>) => {
  const error = await act().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AdvisedError);
  return error as AdvisedError;
};

it.each(['tls', 'pseudonym.key', 'site.json', 'datasets'])(
  'site certificate writes nothing into a folder that has %s, and does not advise to delete it',
  async (name) => {
    mkdirSync(join(folder, name));
    const options = { out: folder, coordinator: ['localhost:4443'] };
    const { code, advice } = await failureOf(() => siteCertificate('ash', options, readEnvironment({})));
    expect(code).toBe('FOLDER_IN_USE');
    expect(advice).toContain('keep it as it is');
    expect(readdirSync(folder)).toEqual([name]);
  },
);

it('a demo that begins afresh deletes folders of demos only', async () => {
  writeFileSync(join(folder, 'thesis.txt'), 'of three years');
  expect(await failureOf(() => DemoFolder.forget(folder))).toMatchObject({ code: 'FOLDER_IN_USE' });
  expect(readdirSync(folder)).toEqual(['thesis.txt']);
  writeFileSync(join(folder, 'demo.json'), '{}');
  await DemoFolder.forget(folder);
  await DemoFolder.forget(folder);
});

const SRC = fileURLToPath(new URL('../../../..', import.meta.url));
/** Words on a command line or a person's next step that take something away for good, in a string or in a guide. */
const DESTRUCTIVE =
  /\b(delete|remove|wipe|erase) (this|that|the|it|your|old|whole)\b[^'`"\n]*\b(folder|directory|file|key|state|database|first)\b|\brm -r/i;

it('no sentence of commands and guides advises to delete a folder, a key or a state', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      /^(README\.md|(apps|packages|deploy)\/.*\.(md|ts|mjs))$/.test(name) &&
      !/node_modules|\/dist\/|\/generated\/|\.(test|fixture)\.ts$/.test(name),
  );
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((name) =>
    readFileSync(join(SRC, name), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(\*|\/\*|\/\/)/.test(line) && DESTRUCTIVE.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
