import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Tensor } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import type { Model } from '@consilium/models';
import { hasRunningStatistics } from '@consilium/tensors';
import { cutIntoBatches, readBatch } from './batches.js';
import type { ExampleSource, LearningTask } from './training.js';
import type { Weights } from './weights.js';

export interface MeasurementOptions {
  readonly signal: AbortSignal;
  /** Called after every batch. */
  readonly onBatch?: (done: number) => void;
}

/**
 * Replaces the running statistics of a model by those of its present weights over all of `examples`. The ones that training keeps
 * lag behind the weights, and the lags of all layers add up: in inference every logit is shifted. Without running statistics it
 * does nothing.
 *
 * Shapes   batches of the plan's size, in the order of the source, without augmentation; a last one of a single example joins
 *          the one before.
 * Numbers  each batch is normalised with its own statistics, as in training. Mean and variance over all batches follow from
 *          their sums in float64, by the law of total variance, each batch by its examples; rounded to float32 once.
 * Errors   DATASET_EMPTY, DATASET_UNSUITABLE, STOPPED; TRAINING_DIVERGED when a statistic is no number.
 * Source   Wu and Johnson 2021, arXiv:2105.07576, section 3.2 (PreciseBN).
 */
export async function measureRunningStatistics(
  engine: Engine,
  plan: LearningTask,
  model: Model,
  weights: Weights,
  examples: ExampleSource,
  { signal, onBatch }: MeasurementOptions,
): Promise<void> {
  if (!hasRunningStatistics(model.layout)) return;
  if (examples.count === 0)
    throw new ConsiliumError('DATASET_EMPTY', { needed: 'training examples for running statistics' });
  const sums = new Map<number, Float64Array>();
  const order = Array.from({ length: examples.count }, (_, i) => i);
  let done = 0;
  for (const indices of cutIntoBatches(order, plan.training.batchSize, true)) {
    if (signal.aborted) throw new ConsiliumError('STOPPED');
    const { images, count } = readBatch(plan, examples, indices);
    addMoments(sums, await momentsOf(engine, plan, model, weights, images, count), count);
    done += count;
    onBatch?.(done);
    await nextTurn();
  }
  const { tf } = engine;
  for (const { mean, variance } of pairsOf(model)) {
    const means = sums.get(mean)!.map((sum) => sum / done);
    const variances = sums.get(variance)!.map((sum, i) => Math.max(0, sum / done - means[i]! ** 2));
    for (const [index, values] of [
      [mean, means],
      [variance, variances],
    ] as const) {
      if (!values.every(Number.isFinite))
        throw new ConsiliumError('TRAINING_DIVERGED', { statistic: model.layout[index]!.name });
      tf.tidy(() =>
        weights.variables[index]!.assign(tf.tensor(Float32Array.from(values), weights.variables[index]!.shape)),
      );
    }
  }
}

/** Mean and variance of each normalisation in a batch, by index of their entry in the layout. */
async function momentsOf(
  engine: Engine,
  plan: LearningTask,
  model: Model,
  weights: Weights,
  images: Float32Array,
  count: number,
): Promise<Map<number, Float64Array>> {
  const { tf } = engine;
  const { height, width } = plan.preprocessing;
  let statistics: ReadonlyMap<number, Tensor> = new Map();
  // The statistics outlive the tidy; the logits, and all else, do not.
  tf.tidy(() => {
    const x = tf.tensor4d(images, [count, height, width, 1]);
    ({ statistics } = model.forward(engine, weights.variables, x, 'measure'));
  });
  try {
    const moments = new Map<number, Float64Array>();
    for (const [index, tensor] of statistics)
      moments.set(index, Float64Array.from((await tensor.data()) as Float32Array));
    for (const { mean, variance } of pairsOf(model)) {
      const means = moments.get(mean)!;
      // The second moment, so that batches add up.
      moments.set(
        variance,
        moments.get(variance)!.map((value, i) => value + means[i]! ** 2),
      );
    }
    return moments;
  } finally {
    tf.dispose([...statistics.values()] as Tensor[]);
  }
}

function addMoments(sums: Map<number, Float64Array>, moments: ReadonlyMap<number, Float64Array>, count: number): void {
  for (const [index, values] of moments) {
    const sum = sums.get(index) ?? new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) sum[i]! += count * values[i]!;
    sums.set(index, sum);
  }
}

function pairsOf({ layout }: Model): { readonly mean: number; readonly variance: number }[] {
  const indexOf = new Map(layout.map(({ name }, index) => [name, index]));
  return layout.flatMap(({ name, role }, mean) => {
    const variance = indexOf.get(name.replace(/\.running-mean$/, '.running-variance'));
    return role === 'running-statistic' && name.endsWith('.running-mean') ? [{ mean, variance: variance! }] : [];
  });
}
