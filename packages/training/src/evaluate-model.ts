import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Tensor } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts } from '@consilium/models';
import { hasRunningStatistics } from '@consilium/tensors';
import {
  classificationStatistics,
  type ScoreEdges,
  type Statistics,
  segmentationStatistics,
} from '@consilium/validation';
import { type Batch, cutIntoBatches, readBatch } from './batches.js';
import { measureRunningStatistics } from './measure-running-statistics.js';
import { boundsOf, planEvaluationMemory } from './memory-plan.js';
import type { Evaluate, ExampleSource, LearningTask } from './training.js';
import { openWeights } from './weights.js';

/**
 * Runs a model over all examples, without augmentation, and answers integers that sites may send and the coordinator adds. Running
 * statistics are the site's own: measured with the model's weights on its training examples first, since an average of other
 * sites' ones fits the pictures of none.
 *
 * Errors   STOPPED, MODEL_SPEC_INVALID, MODEL_VARIANCE_INVALID, PLAN_TOO_LARGE, UPDATE_LAYOUT_MISMATCH, DATASET_UNSUITABLE, DATASET_EMPTY (no
 *          training examples for running statistics), EVALUATION_INVALID (a score that is no number).
 */
export const evaluateModel: Evaluate = async (
  engine,
  { plan, values, examples, trainingExamples, scoreEdges, memoryLimitBytes, onBatch, signal },
) => {
  const { examplesAtOnce } = planEvaluationMemory(plan, boundsOf(engine, memoryLimitBytes));
  const model = buildModel(plan.model, modelPorts(plan));
  const weights = openWeights(engine, model, values);
  const counter = counterOf(plan, scoreEdges);
  try {
    const measured = hasRunningStatistics(model.layout) ? (trainingExamples ?? NONE) : NONE;
    const total = measured.count + examples.count;
    const onMeasured = (count: number) => onBatch?.(count, total);
    await measureRunningStatistics(engine, plan, model, weights, measured, { signal, onBatch: onMeasured });
    const order = Array.from({ length: examples.count }, (_, i) => i);
    let done = measured.count;
    for (const indices of cutIntoBatches(order, examplesAtOnce, false)) {
      if (signal.aborted) throw new ConsiliumError('STOPPED');
      const batch = readBatch(plan, examples, indices);
      counter.add(await infer(engine, plan, model, weights.variables, batch), batch);
      done += batch.count;
      onBatch?.(done, total);
      await nextTurn();
    }
    return counter.result();
  } finally {
    weights.dispose();
  }
};

const NONE: ExampleSource = {
  count: 0,
  read: () => {
    throw new ConsiliumError('DATASET_EMPTY');
  },
};

/** Of each pixel a score 0 to 1; of each class its logit. */
async function infer(
  engine: Engine,
  plan: LearningTask,
  model: Model,
  parameters: readonly Tensor[],
  batch: Batch,
): Promise<Float32Array> {
  const { tf } = engine;
  const { height, width } = plan.preprocessing;
  const scores = tf.tidy(() => {
    const x = tf.tensor4d(batch.images, [batch.count, height, width, 1]);
    const { logits } = model.forward(engine, parameters, x, 'infer');
    return plan.task.kind === 'segmentation' ? tf.sigmoid(logits) : logits;
  });
  try {
    return (await scores.data()) as Float32Array;
  } finally {
    scores.dispose();
  }
}

/** Adds up batches of either task. */
interface BatchCounter {
  add(scores: Float32Array, batch: Batch): void;
  result(): Statistics;
}

function counterOf({ task }: LearningTask, scoreEdges: ScoreEdges): BatchCounter {
  if (task.kind === 'segmentation') {
    const counter = segmentationStatistics(task.structures.length);
    return {
      add: (scores, { count, masks }) => {
        const pixels = masks.length / count;
        for (let at = 0; at < masks.length; at += pixels)
          counter.addFilm([{ predicted: scores.subarray(at, at + pixels), mask: masks.subarray(at, at + pixels) }]);
      },
      result: counter.result,
    };
  }
  const classes = task.classes.length;
  const counter = classificationStatistics(scoreEdges);
  return {
    add: (scores, { labels }) =>
      labels.forEach((label, i) => {
        counter.addExample(scores.subarray(i * classes, (i + 1) * classes), label);
      }),
    result: counter.result,
  };
}
