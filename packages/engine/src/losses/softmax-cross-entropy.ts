import { ConsiliumError } from '@consilium/errors';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

/** Our own kernel: (logits, weightedClasses) -> [losses, gradients]. */
export const SOFTMAX_CROSS_ENTROPY = 'ConsiliumSoftmaxCrossEntropy';

/**
 * Weighted cross-entropy of every example, value and gradient in one pass.
 *
 * Shapes   logits [N,C]; weightedClasses [N,C] holds the example's weight at its class, 0 elsewhere; losses [N].
 * Numbers  weight * -log softmax(logits)[class], in float64, without overflow.
 * Errors   KERNEL_UNSUPPORTED when the shapes differ or are empty.
 */
export function softmaxCrossEntropy(tf: Tf, logits: Tensor2D, weightedClasses: Tensor2D): Tensor1D {
  requireClasses(tf, logits, weightedClasses);
  const outputs = tf.engine().runKernel(SOFTMAX_CROSS_ENTROPY, { logits, weightedClasses });
  return (outputs as unknown as [Tensor1D, Tensor2D])[0];
}

export function requireClasses(tf: Tf, logits: Tensor, weightedClasses: Tensor): void {
  const isEmpty = tf.util.sizeFromShape(logits.shape) === 0;
  if (logits.shape.length !== 2 || isEmpty || !tf.util.arraysEqual(logits.shape, weightedClasses.shape))
    throw new ConsiliumError('KERNEL_UNSUPPORTED', {
      operation: 'softmaxCrossEntropy',
      logits: logits.shape.join('x'),
      weightedClasses: weightedClasses.shape.join('x'),
    });
}

/** The derivative by the logits; the weights have none. */
export function registerSoftmaxGradient(tf: Tf): void {
  if (tf.getGradient(SOFTMAX_CROSS_ENTROPY)) return;
  tf.registerGradient({
    kernelName: SOFTMAX_CROSS_ENTROPY,
    outputsToSave: [false, true],
    gradFunc: (dys, saved) => {
      const [gradients] = saved as [Tensor];
      const losses = (dys as Tensor[])[0]!;
      return {
        logits: () => tf.mul(gradients, tf.expandDims(losses, 1)),
        weightedClasses: () => {
          throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'gradient of a loss by its class weights' });
        },
      };
    },
  });
}

/** The whole computation; a batch of examples is too small for more than plain loops. */
export function computeSoftmaxCrossEntropy(
  logits: Float32Array,
  weightedClasses: Float32Array,
  losses: Float32Array,
  gradients: Float32Array,
): void {
  const classes = logits.length / losses.length;
  for (let example = 0; example < losses.length; example++) {
    const row = example * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = row; c < row + classes; c++) largest = Math.max(largest, logits[c]!);
    let [sum, weight, weighted] = [0, 0, 0];
    for (let c = row; c < row + classes; c++) {
      sum += Math.exp(logits[c]! - largest);
      weight += weightedClasses[c]!;
      weighted += weightedClasses[c]! * (logits[c]! - largest);
    }
    losses[example] = weight * Math.log(sum) - weighted;
    for (let c = row; c < row + classes; c++)
      gradients[c] = (weight * Math.exp(logits[c]! - largest)) / sum - weightedClasses[c]!;
  }
}
