import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { ImageEngine, Tf } from '../engine.js';
import { requireSegmentation } from './segmentation-losses.js';
import { requireClasses } from './softmax-cross-entropy.js';

/** The losses in ordinary operations: right on every back end whose sums are. */
export function composedLosses(tf: Tf): Pick<ImageEngine, 'crossEntropyAndDice' | 'softmaxCrossEntropy'> {
  return {
    crossEntropyAndDice: (logits, masks) => {
      requireSegmentation(tf, logits, masks);
      // max(z, 0) - z y + log(1 + exp(-|z|))
      const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      const perPixel = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, masks)), tail);
      const perImage = (t: Tensor) => tf.sum(t, [1, 2]) as Tensor2D;
      const scores = tf.sigmoid(logits);
      const overlap = tf.add(tf.mul(perImage(tf.mul(scores, masks)), 2), 1);
      const total = tf.add(tf.add(perImage(scores), perImage(masks)), 1);
      return { crossEntropy: perImage(perPixel), dice: tf.sub(1, tf.div(overlap, total)) };
    },
    softmaxCrossEntropy: (logits, weightedClasses) => {
      requireClasses(tf, logits, weightedClasses);
      return classification(tf, logits, weightedClasses);
    },
  };
}

/**
 * With e = exp(logits - largest), sum(e) = 1 + others: the loss of a sure example is log1p(others), and its gradient
 * others / sum(e). Both are far below the rounding of a 1, from which `logSoftmax` would have to take them.
 */
function classification(tf: Tf, logits: Tensor2D, weightedClasses: Tensor2D): Tensor1D {
  const compute = tf.customGrad((z, save) => {
    const shifted = tf.sub(z as Tensor2D, tf.max(z as Tensor2D, 1, true));
    const isLargest = tf.cast(tf.equal(shifted, 0), 'float32');
    const exponentials = tf.exp(shifted);
    const smaller = tf.sum(tf.mul(exponentials, tf.sub(1, isLargest)), 1, true);
    const others = tf.add(smaller, tf.sub(tf.sum(isLargest, 1, true), 1));
    const weight = tf.sum(weightedClasses, 1, true);
    const excess = tf.sub(tf.mul(exponentials, weight), weightedClasses);
    const gradients = tf.div(tf.sub(excess, tf.mul(weightedClasses, others)), tf.add(others, 1));
    (save as (kept: Tensor[]) => void)([gradients]);
    const values = tf.sub(tf.mul(weight, log1p(tf, others)), tf.sum(tf.mul(weightedClasses, shifted), 1, true));
    return {
      value: tf.reshape(values, [logits.shape[0]]),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0]!, tf.expandDims(dy, 1)),
    };
  });
  return compute(logits) as Tensor1D;
}

/** Some back ends have log(1 + x): nothing is left of a small x. There 2 artanh(x / (2 + x)) by its series, to 1e-8. */
function log1p(tf: Tf, x: Tensor): Tensor {
  const s = tf.div(x, tf.add(x, 2));
  const squared = tf.square(s);
  const series = [1 / 9, 1 / 7, 1 / 5, 1 / 3, 1].reduce<Tensor>(
    (sum, c) => tf.add(tf.mul(sum, squared), c),
    tf.zerosLike(x),
  );
  return tf.where(tf.less(x, 0.5), tf.mul(tf.mul(s, series), 2), tf.log(tf.add(x, 1)));
}
