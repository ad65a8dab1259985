import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { deriveSeed } from '@consilium/models';
import { payloadBytes } from '@consilium/tensors';
import { afterAll, expect, it } from 'vitest';
import { createLogger } from '../platform/logger.js';
import type { Assignment, OpenedDataset } from '../stages.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { trainWith } from './train.js';
import type { Work } from './work-context.js';

const root = temporaryFolder();
afterAll(() => rmSync(root, { recursive: true }));

const dataset = { examples: { count: 14 }, basePaths: [] } as unknown as OpenedDataset;
const assignment = { runId: 'run-1', round: 3, plan: SMALL_PLAN } as Assignment;
const deltaPath = join(root, 'delta.scratch');

/** Trains with a trainer that fails with these codes, one after another, and then succeeds. */
async function trainAfter(...failures: ErrorCode[]) {
  const seeds: Uint8Array[] = [];
  const trainer = {
    train: async (job: { seed: Uint8Array; deltaPath: string }) => {
      seeds.push(job.seed);
      const code = failures[seeds.length - 1];
      if (code) throw new ConsiliumError(code);
      writeFileSync(job.deltaPath, payloadBytes(Float32Array.of(0.25, -3)));
      return { steps: 4, loss: 0.5 };
    },
  };
  const work = {
    siteId: 'site-a',
    trainer,
    weights: { scratchPath: () => deltaPath },
    progress: { report: () => {} },
    logger: createLogger('silent', 'site-a'),
    reach: () => {},
  } as unknown as Work;
  const delta = trainWith(work)(dataset, assignment, new AbortController().signal);
  const outcome = await delta.catch((error: ConsiliumError) => error.code);
  return { outcome, seeds };
}

it('gives the delta, the counts, and leaves no scratch file', async () => {
  const { outcome } = await trainAfter();
  expect(outcome).toEqual({
    values: Float32Array.of(0.25, -3),
    exampleCount: 14,
    localSteps: 4,
    trainingLoss: 0.5,
  });
  expect(existsSync(deltaPath)).toBe(false);
});

it.each(['TRAINER_FAILED', 'ENGINE_CRASHED', 'MEMORY_EXHAUSTED', 'DEVICE_LOST'] as const)(
  '%s gets one more try with the same seed',
  async (code) => {
    const { outcome, seeds } = await trainAfter(code);
    expect(outcome).toMatchObject({ localSteps: 4 });
    expect(seeds).toEqual(Array(2).fill(deriveSeed(SMALL_PLAN.seed, 3, 'site-a', 'training')));
    expect((await trainAfter(code, code)).outcome).toBe(code);
  },
);

it('a training that diverges is not tried again: it would diverge again', async () => {
  const { outcome, seeds } = await trainAfter('TRAINING_DIVERGED');
  expect(outcome).toBe('TRAINING_DIVERGED');
  expect(seeds).toHaveLength(1);
});
