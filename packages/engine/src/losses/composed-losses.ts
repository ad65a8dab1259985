import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Engine, Tf } from '../engine.js';
import { requireSegmentation } from './segmentation-losses.js';
import { requireClasses } from './softmax-cross-entropy.js';

/** The losses in ordinary operations: right on every back end whose sums are. */
export function composedLosses(tf: Tf): Pick<Engine, 'crossEntropyAndDice' | 'softmaxCrossEntropy'> {
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
      return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), weightedClasses), 1)) as Tensor1D;
    },
  };
}
