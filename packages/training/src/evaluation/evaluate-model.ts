import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Tensor } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts } from '@consilium/models';
import type { Statistics } from '@consilium/validation';
import { type Batch, cutIntoBatches, readBatch } from '../batches.js';
import type { Evaluate, LearningTask } from '../training.js';
import { openWeights } from '../weights.js';
import { classificationCounter } from './classification-counter.js';
import { segmentationCounter } from './segmentation-counter.js';

/**
 * Runs a model over all examples, without augmentation, and answers integers that sites may send and the coordinator adds.
 *
 * Errors   STOPPED, MODEL_SPEC_INVALID, UPDATE_LAYOUT_MISMATCH, DATASET_UNSUITABLE, CANDIDATE_NOT_FINITE.
 */
export const evaluateModel: Evaluate = async (engine, { plan, values, examples, onBatch, signal }) => {
  const model = buildModel(plan.model, modelPorts(plan));
  const weights = openWeights(engine, model, values);
  const counter = counterOf(plan);
  try {
    const order = Array.from({ length: examples.count }, (_, i) => i);
    let done = 0;
    for (const indices of cutIntoBatches(order, plan.training.batchSize, false)) {
      if (signal.aborted) throw new ConsiliumError('STOPPED');
      const batch = readBatch(plan, examples, indices);
      counter.add(infer(engine, plan, model, weights.variables, batch), batch);
      done += batch.count;
      onBatch?.(done, examples.count);
      await nextTurn();
    }
    return counter.statistics();
  } finally {
    weights.dispose();
  }
};

function infer(
  engine: Engine,
  plan: LearningTask,
  model: Model,
  parameters: readonly Tensor[],
  batch: Batch,
): Float32Array {
  const { height, width } = plan.preprocessing;
  return engine.tf.tidy(() => {
    const x = engine.tf.tensor4d(batch.images, [batch.count, height, width, 1]);
    return model.forward(engine, parameters, x, 'infer').logits.dataSync() as Float32Array;
  });
}

/** Adds up batches of either task. */
interface BatchCounter {
  add(logits: Float32Array, batch: Batch): void;
  statistics(): Statistics;
}

function counterOf({ task, validation }: LearningTask): BatchCounter {
  if (task.kind === 'segmentation') {
    const counter = segmentationCounter();
    return {
      add: (logits, { count, masks }) => {
        const pixels = masks.length / count;
        for (let at = 0; at < masks.length; at += pixels)
          counter.add(logits.subarray(at, at + pixels), masks.subarray(at, at + pixels));
      },
      statistics: counter.statistics,
    };
  }
  const classes = task.classes.length;
  const counter = classificationCounter(classes, validation.scoreBins);
  return {
    add: (logits, { labels }) =>
      labels.forEach((label, i) => {
        counter.add(logits.subarray(i * classes, (i + 1) * classes), label);
      }),
    statistics: counter.statistics,
  };
}
