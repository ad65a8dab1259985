import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../index.js';
import { startEngine } from '../index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'cpu' });
});
afterAll(() => engine.stop());

/** AdamW on one number, in float64. */
function adamW(weights: number, gradients: readonly number[], learningRate: number, weightDecay: number): number {
  let [w, m, v] = [weights, 0, 0];
  gradients.forEach((g, i) => {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const mHat = m / (1 - 0.9 ** (i + 1));
    const vHat = v / (1 - 0.999 ** (i + 1));
    w = w - learningRate * weightDecay * w - (learningRate * mHat) / (Math.sqrt(vHat) + 1e-8);
  });
  return w;
}

it('takes the steps of AdamW, and leaves no tensor behind', () => {
  const { tf } = engine;
  const gradients = [0.3, -1.2, 0.7, 2.5, -0.1];
  const variable = tf.variable(tf.tensor1d([1.5, -2]));
  const firstMoment = tf.variable(tf.zeros([2]));
  const secondMoment = tf.variable(tf.zeros([2]));
  const before = tf.memory().numTensors;
  gradients.forEach((g, i) => {
    const gradient = tf.tensor1d([g, 2 * g]);
    const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradientFactor: 1 };
    engine.adamStep({ variable, gradient, firstMoment, secondMoment, ...rates, step: i + 1 });
    gradient.dispose();
  });
  expect(tf.memory().numTensors).toBe(before);
  const [a, b] = variable.dataSync();
  expect(a).toBeCloseTo(adamW(1.5, gradients, 0.01, 0.1), 5);
  expect(b).toBeCloseTo(
    adamW(
      -2,
      gradients.map((g) => 2 * g),
      0.01,
      0.1,
    ),
    5,
  );
});
