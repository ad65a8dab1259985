import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ConsiliumError } from '@consilium/errors';
import type { AnnotatePool, DecodePool, ScanPool } from '@consilium/site-agent';
import { afterAll, expect, it } from 'vitest';
import { Cases, isCorpusThere } from './cases.ts';
import { examine } from './examine.ts';

const folder = mkdtempSync(join(tmpdir(), 'consilium-fuzz-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

if (!isCorpusThere) console.warn('skipped: fuzzing of real DICOM files (../shared/data/dicom is absent)');

const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url));

it('2,000 malformed and mutated files end as usable or set aside with a reason, in bounded time and memory', async () => {
  const json = join(folder, 'report.json');
  const { stdout } = await promisify(execFile)(process.execPath, [
    RUN,
    'fuzz',
    '--cases',
    '2000',
    '--seed',
    '11',
    '--json',
    json,
  ]);
  console.info(stdout.trimEnd().split('\n').slice(-3).join('\n'));
  const report = JSON.parse(readFileSync(json, 'utf8'));
  expect(report).toMatchObject({ cases: 2000, failures: [], strangers: 0 });
  // Mutations that are all refused at the first byte would test nothing.
  const usable = Object.values(report.outcomes as Record<string, Record<string, number>>).map(
    (counts) => counts.usable ?? counts.clean ?? 0,
  );
  expect(Math.min(...usable)).toBeGreaterThan(20);
}, 900_000);

it('a case is the same whatever ran before it, and no two are', async () => {
  const cases = await Cases.open(11);
  const numbers = [70, 71, 72, 900];
  const first = numbers.map((number) => cases.at(number));
  const again = await Cases.open(11);
  expect(
    numbers
      .toReversed()
      .map((number) => again.at(number))
      .toReversed(),
  ).toEqual(first);
  expect(new Set(first.map(({ bytes }) => bytes.toString('latin1'))).size).toBe(numbers.length);
  expect((await Cases.open(12)).at(70).bytes).not.toEqual(first[0]!.bytes);
});

it('what is not a reason to set a file aside is a problem', async () => {
  const path = join(folder, 'file.dcm');
  writeFileSync(path, 'not DICOM');
  const throwing = (error: Error): DecodePool & ScanPool & AnnotatePool => ({
    read: () => Promise.reject(error),
    scan: () => Promise.reject(new ConsiliumError('DICOM_NOT_DICOM')),
    annotate: () => Promise.reject(new ConsiliumError('DICOM_NOT_DICOM')),
    summarize: () => Promise.reject(new ConsiliumError('DICOM_NOT_DICOM')),
    close: async () => {},
  });
  const problemsOf = async (error: Error) => (await examine(path, throwing(error))).problems;
  expect(await problemsOf(new ConsiliumError('DICOM_TRUNCATED'))).toEqual([]);
  expect(await problemsOf(new TypeError('x is undefined'))).toEqual([expect.stringContaining('x is undefined')]);
  expect(await problemsOf(new ConsiliumError('INTERNAL'))).toHaveLength(1);
});
