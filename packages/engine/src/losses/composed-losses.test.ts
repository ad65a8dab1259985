import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, Tensor, Tensor2D, Tensor4D, Tensor5D } from '../index.js';
import { startEngine } from '../index.js';
import { composedLosses } from './composed-losses.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'cpu' });
});
afterAll(() => engine.stop());

it('the losses in ordinary operations are those of the kernels', () => {
  const { tf } = engine;
  const composed = composedLosses(tf);
  const logits = tf.randomNormal([2, 5, 6, 3], 0, 4, 'float32', 1) as Tensor4D;
  const masks = tf.cast(tf.greater(tf.randomNormal([2, 5, 6, 3], 0, 1, 'float32', 2), 0), 'float32') as Tensor4D;
  const [actual, expected] = [composed, engine].map((losses) => losses.crossEntropyAndDice(logits, masks));
  for (const loss of ['crossEntropy', 'dice'] as const)
    tf.test_util.expectArraysClose(actual![loss].dataSync(), expected![loss].dataSync(), 1e-4);

  const scores = tf.randomNormal([4, 3], 0, 2, 'float32', 3) as Tensor2D;
  const weights = tf.tensor2d([0, 2, 0, 0.5, 0, 0, 0, 0, 1, 1, 0, 0], [4, 3]);
  const [losses, reference] = [composed, engine].map((by) => by.softmaxCrossEntropy(scores, weights));
  tf.test_util.expectArraysClose(losses!.dataSync(), reference!.dataSync(), 1e-5);
});

it('keeps the loss and the gradient of a sure example, and shares them among equal largest', () => {
  const { tf } = engine;
  const weights = tf.tensor2d([0, 2, 0, 0, 3, 0], [2, 3]);
  const scores = tf.tensor2d([-20, 0, -30, 5, 5, -9], [2, 3]);
  const [actual, expected] = [composedLosses(tf), engine].map(({ softmaxCrossEntropy }) => {
    const run = (z: Tensor) => softmaxCrossEntropy(z as Tensor2D, weights);
    return [run(scores), tf.grad(run)(scores, tf.tensor1d([1, 7]))].map((t) => t.dataSync() as Float32Array);
  });
  expect(expected![0]![0]).toBeCloseTo(2 * Math.exp(-20), 12);
  // Each value against itself: the sure example is a billion times smaller than the other.
  actual!.forEach((values, i) => {
    values.forEach((value, j) => {
      expect(Math.abs(value - expected![i]![j]!)).toBeLessThanOrEqual(1e-5 * Math.abs(expected![i]![j]!));
    });
  });
});

it('refuses logits and targets of different shapes', () => {
  const { tf } = engine;
  const refused = expect.objectContaining({ code: 'KERNEL_UNSUPPORTED' });
  const unequal = [tf.zeros([1, 2, 2, 1]), tf.zeros([1, 2, 2, 2])] as [Tensor4D, Tensor4D];
  expect(() => engine.crossEntropyAndDice(...unequal)).toThrow(refused);
  // As images both would be 1x12x5x1.
  const volumes = [tf.zeros([1, 3, 4, 5, 1]), tf.zeros([1, 4, 3, 5, 1])] as [Tensor5D, Tensor5D];
  expect(() => engine.crossEntropyAndDice(...volumes)).toThrow(refused);
  expect(() => engine.softmaxCrossEntropy(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(refused);
});
