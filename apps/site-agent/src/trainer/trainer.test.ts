import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { createLogger } from '../platform/logger.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { SOURCE_ENTRY } from './source-entry.fixture.js';
import { Trainer } from './trainer.js';

const folder = mkdtempSync(join(tmpdir(), 'trainer-'));
const logger = createLogger('silent', 'site-a');
let trainer: Trainer | undefined;
afterEach(() => trainer?.close());
afterAll(() => rmSync(folder, { recursive: true }));

const job = {
  plan: { training: { batchSize: 12 } } as never,
  modelPaths: [],
  examples: { path: join(folder, 'none'), count: 0, pixels: 1, has: 'label' as const },
  scoreEdges: [],
};
const never = new AbortController().signal;

/** A trainer whose process is this script: what the real one would do in its worst moment. */
function trainerOf(script: string, execArgv: readonly string[] = []): Trainer {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(path, script);
  trainer = new Trainer({ logger, entry: { path, execArgv } });
  return trainer;
}

const STARTS = `process.on('message', (m) => { if (m.kind === 'start') process.send({ kind: 'started', backEnd: 'x', threads: 1, passedOver: [] }); });`;

it('a process that dies in a job is a typed error, and the next job gets a fresh one', async () => {
  const count = join(folder, 'starts');
  writeFileSync(count, '');
  const subject = trainerOf(`
    import { appendFileSync } from 'node:fs';
    appendFileSync(${JSON.stringify(count)}, 'x');
    ${STARTS}
    process.on('message', (m) => { if (m.kind !== 'start') process.kill(process.pid, 'SIGSEGV'); });`);
  const run = () => subject.evaluate(job, { mode: 'deterministic' }, () => {}, never);
  await expect(run()).rejects.toMatchObject({ code: 'ENGINE_CRASHED', detail: { signal: 'SIGSEGV' } });
  await expect(run()).rejects.toMatchObject({ code: 'ENGINE_CRASHED' });
  expect(readFileSync(count, 'utf8')).toBe('xx');
});

it('a process that the system kills was short of memory: the batch size is named', async () => {
  const subject = trainerOf(`
    ${STARTS}
    process.on('message', (m) => { if (m.kind !== 'start') process.kill(process.pid, 'SIGKILL'); });`);
  const run = subject.evaluate(job, { mode: 'deterministic' }, () => {}, never);
  const detail = { signal: 'SIGKILL', batchSize: 12, advice: expect.stringContaining('training.batchSize below 12') };
  await expect(run).rejects.toMatchObject({ code: 'MEMORY_EXHAUSTED', detail });
});

it('an abort of the process is a crash, unless its last words speak of memory', async () => {
  const aborting = (words: string) =>
    trainerOf(`
      ${STARTS}
      process.on('message', (m) => { if (m.kind !== 'start') { process.stderr.write(${JSON.stringify(words)}); process.abort(); } });`);
  const end = (words: string) => aborting(words).evaluate(job, { mode: 'deterministic' }, () => {}, never);
  await expect(end('assertion failed')).rejects.toMatchObject({
    code: 'ENGINE_CRASHED',
    detail: { signal: 'SIGABRT' },
  });
  await expect(end('Allocation failed - process out of memory')).rejects.toMatchObject({ code: 'MEMORY_EXHAUSTED' });
});

it('a real V8 out-of-memory is told from a crash', async () => {
  const subject = trainerOf(
    `${STARTS}
    process.on('message', (m) => { const all = []; if (m.kind !== 'start') for (;;) all.push(new Array(1e6).fill(0.5)); });`,
    ['--max-old-space-size=48'],
  );
  await expect(subject.evaluate(job, { mode: 'deterministic' }, () => {}, never)).rejects.toMatchObject({
    code: 'MEMORY_EXHAUSTED',
  });
});

it('a process that cannot start is a typed error', async () => {
  const subject = trainerOf('process.exit(3)');
  await expect(subject.evaluate(job, { mode: 'deterministic' }, () => {}, never)).rejects.toMatchObject({
    code: 'TRAINER_FAILED',
    detail: { exit: 3 },
  });
});

it('a stop ends a job that never answers, at once', async () => {
  const subject = trainerOf(`${STARTS} setInterval(() => {}, 1000);`);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  const begin = performance.now();
  await expect(subject.evaluate(job, { mode: 'deterministic' }, () => {}, stop.signal)).rejects.toMatchObject({
    code: 'STOPPED',
  });
  expect(performance.now() - begin).toBeLessThan(2000);
});

it('the real process says whether a plan fits, and what would', async () => {
  const withLimit = (memoryLimitBytes: number) =>
    new Trainer({ logger, backEnd: 'cpu', entry: SOURCE_ENTRY, memoryLimitBytes });
  trainer = withLimit(2 ** 30);
  await trainer.check(SMALL_PLAN, { mode: 'deterministic' }, never);
  trainer.close();
  trainer = withLimit(10_000);
  const detail = {
    backEnd: 'cpu',
    batchSize: SMALL_PLAN.training.batchSize,
    limitMegabytes: 0,
    fits: expect.any(String),
  };
  await expect(trainer.check(SMALL_PLAN, { mode: 'deterministic' }, never)).rejects.toMatchObject({
    code: 'PLAN_TOO_LARGE',
    detail,
  });
}, 20_000);

it('the real process reports a chunk that does not have its digest', async () => {
  const modelPath = join(folder, 'f'.repeat(64));
  writeFileSync(modelPath, 'not these bytes');
  trainer = new Trainer({ logger, backEnd: 'cpu', entry: SOURCE_ENTRY });
  await expect(
    trainer.evaluate({ ...job, modelPaths: [modelPath] }, { mode: 'deterministic' }, () => {}, never),
  ).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
});

it('a plan that demands another back end than the site is set to is refused before a process starts', async () => {
  trainer = new Trainer({ logger, backEnd: 'wasm', entry: { path: '/nowhere', execArgv: [] } });
  const demand = { mode: 'deterministic', backEnd: 'tensorflow' } as const;
  await expect(trainer.evaluate(job, demand, () => {}, never)).rejects.toMatchObject({
    code: 'BACK_END_UNAVAILABLE',
    detail: { backEnd: 'tensorflow', reason: expect.stringContaining('wasm by its own setting') },
  });
});

it('the real process refuses a back end that is not installed, and says what is missing', async () => {
  vi.stubEnv('CONSILIUM_ENGINE_DIR', join(folder, 'no-engine'));
  trainer = new Trainer({ logger, entry: SOURCE_ENTRY });
  const demand = { mode: 'deterministic', backEnd: 'tensorflow' } as const;
  await expect(trainer.evaluate(job, demand, () => {}, never)).rejects.toMatchObject({
    code: 'BACK_END_UNAVAILABLE',
    detail: { reason: expect.stringContaining('consilium engine install tensorflow') },
  });
  vi.unstubAllEnvs();
});
