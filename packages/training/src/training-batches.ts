import { randomFrom } from '@consilium/models';
import { type Batch, cutIntoBatches, readBatch, shuffledOrder } from './batches.js';
import type { ExampleSource, LearningTask } from './training.js';

/** One step's input, and where in the round it is. */
export interface TrainingBatch {
  /** From 1. */
  readonly epoch: number;
  readonly stepsPerEpoch: number;
  readonly batch: Batch;
}

/**
 * All batches of one round in their order, shuffled anew each epoch and augmented. The order depends on the seed alone,
 * whoever reads ahead and how far.
 *
 * Errors   DATASET_UNSUITABLE; those of the source.
 */
export function* trainingBatches(
  plan: LearningTask,
  examples: ExampleSource,
  seed: Uint8Array,
): Generator<TrainingBatch, void, undefined> {
  const random = randomFrom(seed);
  const joinSingle = plan.model.normalisation.kind === 'batch';
  for (let epoch = 1; epoch <= plan.training.epochsPerRound; epoch++) {
    const order = shuffledOrder(examples.count, random);
    const batches = cutIntoBatches(order, plan.training.batchSize, joinSingle);
    for (const indices of batches)
      yield { epoch, stepsPerEpoch: batches.length, batch: readBatch(plan, examples, indices, random) };
  }
}
