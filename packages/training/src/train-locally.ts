import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';
import { openLearner } from './learner.js';
import { boundsOf, planTrainingMemory } from './memory-plan.js';
import type { LearningTask, Train } from './training.js';
import { trainingBatches } from './training-batches.js';

/**
 * Trains from `initial` for the epochs of one round, and hands back the new weights. The optimizer begins anew. The
 * same plan, weights, examples, closed rounds and seed give the same bytes on the same back end. Between two steps the event
 * loop runs once, so that messages and the abort signal get through.
 *
 * Numbers  the loss of a step and the norm of its gradient come back in one read; the reported loss is the mean over the
 *          examples of the last epoch, each measured before the step that learns from it. Running statistics are measured anew
 *          with the final weights.
 * Errors   TRAINING_DIVERGED, STOPPED, MODEL_SPEC_INVALID, MODEL_VARIANCE_INVALID, PLAN_TOO_LARGE, UPDATE_LAYOUT_MISMATCH,
 *          DATASET_EMPTY, DATASET_UNSUITABLE.
 */
export const trainLocally: Train = async (engine, request) => {
  const { plan, examples, signal } = request;
  if (examples.count === 0) throw new ConsiliumError('DATASET_EMPTY');
  const memory = planTrainingMemory(plan, boundsOf(engine, request.memoryLimitBytes));
  request.onMemoryPlan?.(memory);
  const learner = openLearner(engine, plan, request.initial, examples, memory);
  try {
    const learningRate = learningRateOf(plan, request.closedRounds);
    const epochs = plan.training.epochsPerRound;
    let [step, lossSum] = [0, 0];
    for await (const { epoch, stepsPerEpoch, batch } of request.batches ??
      trainingBatches(plan, examples, request.seed)) {
      if (signal.aborted) throw new ConsiliumError('STOPPED');
      const loss = await learner.step(batch, learningRate);
      if (step % stepsPerEpoch === 0) lossSum = 0;
      lossSum += loss * batch.count;
      step += 1;
      request.onStep?.({ epoch, epochs, step, steps: epochs * stepsPerEpoch, loss });
      await nextTurn();
    }
    await learner.settleStatistics(signal);
    const values = await learner.read();
    if (!values.every(Number.isFinite)) throw new ConsiliumError('TRAINING_DIVERGED', { step });
    return { values, steps: step, loss: lossSum / examples.count };
  } finally {
    learner.dispose();
  }
};

function learningRateOf({ training }: LearningTask, closedRounds: number): number {
  return training.optimizer.learningRate * training.learningRateDecay ** closedRounds;
}
