import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cases, isCorpusThere } from './cases.ts';
import { type FuzzResult, fuzz } from './fuzz.ts';
import { STRESS_FILES } from './stress-files.ts';

const USAGE = 'usage: npm run test:fuzz -- [--cases 50000] [--seed 1] [--case N [--keep DIR]] [--json FILE]';
/** A process examines one file at a time, on one thread of its own and one of the decode pool. */
const RSS_LIMIT_BYTES = 2 * 2 ** 30;

const { values } = readArguments();
const seed = wholeNumber(values.seed ?? '1');
const only = values.case === undefined ? undefined : wholeNumber(values.case);
const cases = await Cases.open(seed);
if (!isCorpusThere)
  process.stdout.write(
    'skipped: mutations of the real DICOM files (../shared/data/dicom is absent); generated ones only\n',
  );
if (only !== undefined && values.keep !== undefined) keep(only, values.keep);

const [from, end] = only === undefined ? [0, wholeNumber(values.cases ?? '50000')] : [only, only + 1];
const processes = Math.min(end - from, availableParallelism() + 1);
const folder = mkdtempSync(join(tmpdir(), 'consilium-fuzz-'));
const startedAt = performance.now();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());
try {
  const result = await fuzz({ seed, from, end, processes, folder, progress, signal: stop.signal });
  const seconds = (performance.now() - startedAt) / 1000;
  const strangers = readdirSync(folder, { recursive: true }).filter(
    (name) => !/^process-\d+(.case\.dcm)?$/.test(String(name)),
  );
  print(result, seconds, strangers.length);
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ seed, seconds, strangers: strangers.length, ...result }, null, 2)}\n`,
    );
  const isBounded = result.peakRssBytes <= RSS_LIMIT_BYTES;
  const isGood = result.failures.length === 0 && strangers.length === 0 && isBounded && result.cases === end - from;
  process.exitCode = isGood ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function readArguments() {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ options: { cases: text, seed: text, case: text, keep: text, json: text } });
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 && text !== '' ? value : refuse(USAGE);
}

function keep(number: number, into: string): void {
  mkdirSync(into, { recursive: true });
  const path = join(into, `seed-${seed}-case-${number}.dcm`);
  writeFileSync(path, cases.at(number).bytes);
  process.stdout.write(`${path}\n`);
}

function progress(done: number): void {
  if (process.stderr.isTTY && done % 100 === 0) process.stderr.write(`\r${done} of ${end - from} `);
  else if (done % 5000 === 0) process.stderr.write(`${done} of ${end - from}\n`);
}

function print(result: FuzzResult, seconds: number, strangers: number): void {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  const { slowest, peakRssBytes, failures } = result;
  for (const [part, counts] of Object.entries(result.outcomes)) {
    line(part);
    for (const [outcome, n] of Object.entries(counts).sort((a, b) => b[1] - a[1]))
      line(`${String(n).padStart(8)}  ${outcome}`);
  }
  line(`slowest: ${(slowest.ms / 1000).toFixed(1)} s in ${slowest.part}, case ${slowest.number} (${slowest.what})`);
  line(
    `peak resident memory of a process: ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB, at most ${RSS_LIMIT_BYTES / 2 ** 20}`,
  );
  for (const { number, what, problem } of failures)
    line(`FAILED: --seed ${seed} --case ${number} (${what})\n  ${problem.replaceAll('\n', '\n  ')}`);
  if (strangers > 0) line(`FAILED: ${strangers} files that nobody ordered were written`);
  line(
    `${result.cases} cases (${cases.malformed.length} malformed files, ${STRESS_FILES.length} made to be dear, mutations of ${cases.goodFiles} good ones) with seed ${seed}: ` +
      `${failures.length} failures, in ${seconds.toFixed(0)} s (${(result.cases / seconds).toFixed(0)} a second)`,
  );
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
