import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

it.each([
  ['site', ['--help'], ['start', 'status', 'dataset', 'pacs', 'leave', 'book', 'backup', 'restore']],
  ['site dataset add', ['dataset', 'add', '--help'], ['--from', '--dicomweb', '--listen', '--dry-run', '--looked-at']],
  ['site pacs', ['pacs', '--help'], ['list', 'check', 'studies', 'send']],
  ['dicom', ['dicom', '--help'], ['show', 'volumes', 'deidentify']],
])('consilium %s says what it can do', (_, words, named) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, MAIN, ...words], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const word of named) expect(stdout).toContain(word);
});
