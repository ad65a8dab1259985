import type { Engine, Tensor, Tensor4D } from '../engine.js';
import type { Case } from './cases.js';
import { random } from './random-tensor.js';

/** Shapes of the factors and whether each is transposed: dense layers, batches, one matrix for all of a batch. */
const PRODUCTS = [
  [[16, 37], [37, 2], false, false],
  [[5, 9], [11, 9], false, true],
  [[33, 6], [33, 21], true, false],
  [[7, 5], [3, 7], true, true],
  [[101, 13], [13, 8], false, false],
  [[3, 10, 17], [3, 17, 12], false, false],
  [[2, 10, 17], [1, 12, 17], false, true],
  [[1, 9, 4], [4, 9, 5], true, false],
] as const;

/** images, height, width, channels, filters of a 1x1 convolution to few filters. */
const NARROW = [
  [2, 16, 16, 16, 1],
  [1, 7, 5, 9, 3],
  [3, 5, 4, 6, 4],
] as const;

export const PRODUCT_CASES: Case[] = [...PRODUCTS.map(product), ...NARROW.map(narrow)];

function product([a, b, transposeA, transposeB]: (typeof PRODUCTS)[number]): Case {
  return {
    name: `matMul ${a.join('x')}${transposeA ? ' transposed' : ''} . ${b.join('x')}${transposeB ? ' transposed' : ''}`,
    compute: (engine) => {
      const { tf } = engine;
      const run = (x: Tensor, y: Tensor) => tf.matMul(x, y, transposeA, transposeB);
      const inputs = [random(engine, a, 1), random(engine, b, 2)];
      const y = run(inputs[0]!, inputs[1]!);
      // TensorFlow.js has no gradient for a matrix that all of a batch share.
      if (a[0] !== b[0] && a.length === 3) return [y];
      return [y, ...tf.grads(run)(inputs, random(engine, y.shape, 3))];
    },
  };
}

function narrow([n, h, w, c, k]: (typeof NARROW)[number]): Case {
  return {
    name: `conv2d 1x1 to few filters, ${n}x${h}x${w}x${c} -> ${k}`,
    compute: (engine: Engine) => {
      const { tf } = engine;
      const run = (x: Tensor, filter: Tensor) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same');
      const inputs = [random(engine, [n, h, w, c], 1), random(engine, [1, 1, c, k], 2)];
      return [run(inputs[0]!, inputs[1]!), ...tf.grads(run)(inputs, random(engine, [n, h, w, k], 3))];
    },
  };
}
