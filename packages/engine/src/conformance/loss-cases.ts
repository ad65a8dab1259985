import type { Engine, Tensor, Tensor2D, Tensor4D } from '../engine.js';
import type { Case } from './cases.js';
import { random } from './random-tensor.js';

/** images, height, width, structures: one and several blocks, ends that are no multiple of four, every count of lanes. */
const SEGMENTATIONS = [
  [2, 16, 16, 1],
  [3, 7, 9, 1],
  [2, 5, 7, 3],
  [1, 67, 65, 2],
  [2, 70, 61, 5],
  [1, 3, 3, 4],
  [1, 1, 1, 1],
] as const;

const CLASSES = [
  [16, 2],
  [5, 7],
  [1, 3],
] as const;

export const LOSS_CASES: Case[] = [...SEGMENTATIONS.map(segmentation), ...CLASSES.map(classification)];

function segmentation([n, h, w, s]: (typeof SEGMENTATIONS)[number]): Case {
  return {
    name: `cross-entropy and Dice of ${n}x${h}x${w}x${s}`,
    compute: (engine: Engine) => {
      const { tf } = engine;
      // Logits from sure to doubtful, some beyond where exp underflows.
      const logits = tf.mul(random(engine, [n, h, w, s], 1), random(engine, [n, h, w, 1], 2, 20));
      const masks = tf.cast(tf.greater(random(engine, [n, h, w, s], 3), 0.7), 'float32') as Tensor4D;
      const run = (z: Tensor) => {
        const { crossEntropy, dice } = engine.crossEntropyAndDice(z as Tensor4D, masks);
        return tf.stack([crossEntropy, dice]);
      };
      const [both, weights] = [run(logits), random(engine, [2, n, s], 4)];
      return [...tf.unstack(both), tf.grad(run)(logits, weights)];
    },
  };
}

function classification([n, c]: (typeof CLASSES)[number]): Case {
  return {
    name: `weighted softmax cross-entropy of ${n} examples and ${c} classes`,
    compute: (engine: Engine) => {
      const { tf } = engine;
      const logits = random(engine, [n, c], 1, 30);
      const labels = tf.tensor1d(
        Array.from({ length: n }, (_, i) => i % c),
        'int32',
      );
      const weights = tf.mul(tf.oneHot(labels, c), tf.abs(random(engine, [n, 1], 2))) as Tensor2D;
      const run = (z: Tensor) => engine.softmaxCrossEntropy(z as Tensor2D, weights);
      return [run(logits), tf.grad(run)(logits, random(engine, [n], 3))];
    },
  };
}
