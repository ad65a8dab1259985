import type { Engine, Tensor, Tensor1D, Tensor4D } from '@consilium/engine';

/**
 * Linear operations, whose derivatives need nothing of the forward pass but shapes. TensorFlow.js keeps all their inputs
 * until the gradient has passed, which costs a U-Net a quarter of its memory.
 */

/** y [N,H,W,C] + bias [C]. */
export function addBias({ tf }: Engine, y: Tensor4D, bias: Tensor1D): Tensor4D {
  const run = tf.customGrad((a, b) => ({
    value: tf.add(a as Tensor, b as Tensor),
    gradFunc: (dy: Tensor) => [dy.clone(), tf.sum(dy, [0, 1, 2])],
  }));
  return run(y, bias) as Tensor4D;
}

/** The sum of two tensors of one shape. */
export function addEqual({ tf }: Engine, left: Tensor, right: Tensor): Tensor {
  const run = tf.customGrad((a, b) => ({
    value: tf.add(a as Tensor, b as Tensor),
    gradFunc: (dy: Tensor) => [dy.clone(), dy.clone()],
  }));
  return run(left, right);
}

/** The channels of `left` before those of `right`. */
export function concatChannels({ tf }: Engine, left: Tensor4D, right: Tensor4D): Tensor4D {
  const channels = [left.shape[3], right.shape[3]];
  const run = tf.customGrad((a, b) => ({
    value: tf.concat([a as Tensor4D, b as Tensor4D], 3),
    gradFunc: (dy: Tensor) => tf.split(dy, channels, 3),
  }));
  return run(left, right) as Tensor4D;
}
