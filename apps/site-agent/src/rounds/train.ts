import { readFile, rm } from 'node:fs/promises';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { deriveSeed } from '@consilium/models';
import { payloadValues } from '@consilium/tensors';
import type { TrainingStep } from '@consilium/training';
import { errorFields } from '../platform/logger.js';
import type { Assignment, LocalDelta, OpenedDataset } from '../stages.js';
import type { Work } from './work-context.js';

/** The machine failed, not the work: a fresh process may do better, once. */
export const WORTH_A_SECOND_TRY: ReadonlySet<ErrorCode> = new Set([
  'TRAINER_FAILED',
  'ENGINE_CRASHED',
  'MEMORY_EXHAUSTED',
  'DEVICE_LOST',
]);

/**
 * Trains in the trainer's process. The seed depends on plan, round and site only: whatever is repeated gives the same bytes.
 *
 * Errors   TRAINING_DIVERGED, TRAINER_FAILED, ENGINE_CRASHED, MEMORY_EXHAUSTED, DEVICE_LOST, BACK_END_UNAVAILABLE, CHUNK_CORRUPT, STOPPED.
 */
export function trainWith(work: Work) {
  return async (dataset: OpenedDataset, a: Assignment, signal: AbortSignal): Promise<LocalDelta> => {
    work.progress.report({ stage: 'training', epoch: 1, epochs: a.plan.training.epochsPerRound });
    try {
      return await trainOnce(work, dataset, a, signal);
    } catch (error) {
      if (!(error instanceof ConsiliumError && WORTH_A_SECOND_TRY.has(error.code))) throw error;
      work.logger.warn({ runId: a.runId, round: a.round, ...errorFields(error) }, 'training failed, trying once more');
      return trainOnce(work, dataset, a, signal);
    }
  };
}

async function trainOnce(work: Work, dataset: OpenedDataset, a: Assignment, signal: AbortSignal): Promise<LocalDelta> {
  const deltaPath = work.weights.scratchPath();
  const job = {
    plan: a.plan,
    basePaths: dataset.basePaths,
    examples: dataset.examples,
    closedRounds: a.closedRounds,
    seed: deriveSeed(a.plan.seed, a.round, work.siteId, 'training'),
    deltaPath,
  };
  const onStep = ({ epoch, epochs, step, steps, loss }: TrainingStep) => {
    work.progress.report({ stage: 'training', epoch, epochs, step, steps, loss });
    work.reach('training');
  };
  try {
    const { steps, loss } = await work.trainer.train(job, a.plan.engine, onStep, signal);
    const values = payloadValues(await readFile(deltaPath));
    const exampleCount = dataset.examples.count;
    return { values, exampleCount, localSteps: steps, trainingLoss: loss } as LocalDelta;
  } finally {
    await rm(deltaPath, { force: true });
  }
}
