import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NormalisationOptions } from '../engine.js';
import type { Operations } from './operations.js';

/**
 * Group normalisation in ordinary operations: TensorFlow has no kernel for it. Statistics per image and channel are
 * averaged within a group afterwards, so that the large passes work on the layout as it is.
 */
export function groupForward(
  operations: Operations,
  x: Tensor4D,
  scale: Tensor1D,
  shift: Tensor1D,
  options: NormalisationOptions,
): Tensor[] {
  const { tf } = operations;
  return tf.tidy(() => {
    const mean = withinGroups(operations, tf.mean(x, [1, 2], true), options.groups);
    const variance = withinGroups(operations, tf.mean(tf.squaredDifference(x, mean), [1, 2], true), options.groups);
    const reciprocal = tf.rsqrt(tf.add(variance, options.epsilon));
    const slope = tf.mul(reciprocal, scale);
    const y = tf.add(tf.mul(x, slope), tf.sub(shift, tf.mul(mean, slope)));
    const rows = [x.shape[0], x.shape[3]];
    const nothing = () => tf.tensor1d([], 'float32');
    return [
      options.relu ? tf.relu(y) : y,
      tf.reshape(mean, rows),
      tf.reshape(reciprocal, rows),
      nothing(),
      nothing(),
      nothing(),
    ];
  });
}

/** dx = reciprocal * (d * scale - mean(d * scale) - xHat * mean(d * scale * xHat)), the means over a group. */
export function groupBackward(
  operations: Operations,
  d: Tensor4D,
  x: Tensor4D,
  scale: Tensor1D,
  outputs: readonly Tensor[],
  options: NormalisationOptions,
): Tensor[] {
  const { tf } = operations;
  const [images, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const mean = tf.reshape(outputs[1]!, [images, 1, 1, channels]);
    const reciprocal = tf.reshape(outputs[2]!, [images, 1, 1, channels]);
    const pixels = height * width;
    const meanOfD = tf.mean(d, [1, 2], true);
    const meanOfDxHat = tf.mul(tf.mean(tf.mul(d, tf.sub(x, mean)), [1, 2], true), reciprocal);
    const a = withinGroups(operations, tf.mul(meanOfD, scale), options.groups);
    const b = withinGroups(operations, tf.mul(meanOfDxHat, scale), options.groups);
    // dx = d * slope + x * p + r
    const p = tf.neg(tf.mul(b, tf.square(reciprocal)));
    const r = tf.sub(tf.neg(tf.mul(p, mean)), tf.mul(reciprocal, a));
    const dx = tf.add(tf.add(tf.mul(d, tf.mul(reciprocal, scale)), tf.mul(x, p)), r);
    const sumOverImages = (t: Tensor) => tf.mul(tf.sum(tf.reshape(t, [images, channels]), 0), pixels);
    return [dx, sumOverImages(meanOfDxHat), sumOverImages(meanOfD)];
  });
}

/** [N,1,1,C] with every channel replaced by the mean of its group. */
function withinGroups({ tf }: Operations, perChannel: Tensor, groups: number): Tensor {
  const [images = 0, , , channels = 0] = perChannel.shape;
  const grouped = tf.reshape(perChannel, [images, groups, channels / groups]);
  const means = tf.mean(grouped, 2, true);
  return tf.reshape(tf.broadcastTo(means, grouped.shape as [number, number, number]), [images, 1, 1, channels]);
}
