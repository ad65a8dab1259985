import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Normalised, RunningStatistics, Tf } from '../engine.js';

/** Our own kernel, where a back end has it: (mean, variance, batchMean, batchReciprocal) -> [mean, variance]. */
export const RUNNING_STATISTICS = 'ConsiliumRunningStatistics';

export interface RunningAttributes {
  readonly epsilon: number;
  readonly momentum: number;
}

/**
 * One step of the running statistics of a batch normalisation: in one kernel where the back end has one, for they are a
 * handful of values each; else in ordinary operations.
 *
 * Numbers  the variance comes back from 1 / sqrt(variance + epsilon); rounding may leave a constant channel a hair below
 *          zero, which is taken as zero.
 */
export function runningStatistics(
  tf: Tf,
  running: RunningStatistics,
  batch: Pick<Normalised, 'mean' | 'reciprocalStdDev'>,
  { epsilon, momentum }: RunningAttributes,
): RunningStatistics {
  if (tf.getKernel(RUNNING_STATISTICS, tf.getBackend())) {
    const inputs = { ...running, batchMean: batch.mean, batchReciprocal: batch.reciprocalStdDev };
    const outputs = tf.engine().runKernel(RUNNING_STATISTICS, inputs, { epsilon, momentum });
    const [mean, variance] = outputs as unknown as [Tensor1D, Tensor1D];
    return { mean, variance };
  }
  const blend = (old: Tensor1D, ofBatch: Tensor2D): Tensor1D =>
    tf.add(tf.mul(old, momentum), tf.mul(tf.reshape(ofBatch, old.shape), 1 - momentum));
  const squared: Tensor2D = tf.reciprocal(tf.square(batch.reciprocalStdDev));
  const variance: Tensor2D = tf.relu(tf.sub(squared, epsilon));
  return { mean: blend(running.mean, batch.mean), variance: blend(running.variance, variance) };
}
