import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, NormalisationOptions, Tensor1D, Tensor4D } from '../index.js';
import { startEngine } from '../index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'cpu' });
});
afterAll(() => engine.stop());

/** The definition, in TensorFlow.js' own operations and with its own gradients. */
function byDefinition(x: Tensor4D, scale: Tensor1D, shift: Tensor1D, options: NormalisationOptions): Tensor4D {
  const { tf } = engine;
  const [n, h, w, c] = x.shape;
  const isBatch = options.kind === 'batch';
  const sets = isBatch ? x : tf.reshape(x, [n, h * w, options.groups, c / options.groups]);
  const { mean, variance } = tf.moments(sets, isBatch ? [0, 1, 2] : [1, 3], true);
  const unit = tf.div(tf.sub(sets, mean), tf.sqrt(tf.add(variance, options.epsilon)));
  const y = tf.add(tf.mul(tf.reshape(unit, x.shape), scale), shift) as Tensor4D;
  return options.relu ? tf.relu(y) : y;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return difference / size;
}

for (const kind of ['batch', 'group'] as const) {
  for (const relu of [true, false]) {
    it(`${kind} normalisation${relu ? ' with ReLU' : ''} and its gradients agree with the definition`, () => {
      const { tf } = engine;
      const options = { kind, groups: 3, epsilon: 1e-5, relu };
      const x = tf.add(tf.mul(tf.randomNormal([3, 5, 4, 6], 0, 1, 'float32', 1), 3), 7) as Tensor4D;
      const scale = tf.randomNormal([6], 0, 1, 'float32', 2) as Tensor1D;
      const shift = tf.randomNormal([6], 0, 1, 'float32', 3) as Tensor1D;
      const dy = tf.randomNormal(x.shape, 0, 1, 'float32', 4);
      const own = (a: Tensor4D, b: Tensor1D, c: Tensor1D) => engine.normalise(a, b, c, options).y;
      const plain = (a: Tensor4D, b: Tensor1D, c: Tensor1D) => byDefinition(a, b, c, options);
      const all = (f: typeof own) => [f(x, scale, shift), ...tf.grads(f as never)([x, scale, shift], dy)];
      const expected = all(plain);
      all(own).forEach((tensor, i) => {
        // The definition rounds to float32 after each operation; ours once.
        expect(largestDifference(tensor.dataSync(), expected[i]!.dataSync())).toBeLessThan(2e-6);
      });
    });
  }
}

it('gives the statistics of each image for group, of the batch for batch normalisation', () => {
  const { tf } = engine;
  const x = tf.tensor4d([1, 3, 5, 7, 10, 20, 30, 40], [2, 2, 1, 2]);
  const [scale, shift] = [tf.ones([2]) as Tensor1D, tf.zeros([2]) as Tensor1D];
  const group = engine.normalise(x, scale, shift, { kind: 'group', groups: 1, epsilon: 0, relu: false });
  expect(Array.from(group.mean.dataSync())).toEqual([4, 4, 25, 25]);
  expect(group.reciprocalStdDev.dataSync()[0]).toBeCloseTo(1 / Math.sqrt(5), 6);
  const batch = engine.normalise(x, scale, shift, { kind: 'batch', groups: 1, epsilon: 0, relu: false });
  expect(batch.mean.shape).toEqual([1, 2]);
  expect(Array.from(batch.mean.dataSync())).toEqual([11.5, 17.5]);
});

it('refuses groups that do not divide the channels', () => {
  const { tf } = engine;
  const [x, v] = [tf.ones([1, 2, 2, 6]) as Tensor4D, tf.ones([6]) as Tensor1D];
  const options = { kind: 'group', groups: 4, epsilon: 1e-5, relu: false } as const;
  expect(() => engine.normalise(x, v, v, options)).toThrow(expect.objectContaining({ code: 'KERNEL_UNSUPPORTED' }));
});
