import type { Scalar } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, Tensor1D, Tensor4D, Variable } from '../index.js';
import { startEngine } from '../index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 2 });
});
afterAll(() => engine.stop());

it('runs on two threads, with a heap that both share', () => {
  expect(engine.threads).toBe(2);
  expect(engine.heapBytes()).toBeGreaterThan(0);
});

it('counts twenty million ones, and their tenths, exactly', () => {
  const { tf } = engine;
  tf.tidy(() => {
    expect(tf.sum(tf.ones([20_000_000])).dataSync()[0]).toBe(20_000_000);
    expect(tf.sum(tf.ones([10_000_000, 2]), 0).dataSync()).toEqual(Float32Array.of(10_000_000, 10_000_000));
    expect(tf.mean(tf.fill([20_000_000], 0.1)).dataSync()[0]).toBe(Math.fround(0.1));
  });
});

it('leaves a clone and an initial value as they were when the optimizer writes in place', () => {
  const { tf } = engine;
  const initial = tf.tensor1d([1, 2, 3]);
  const variable = tf.variable(initial);
  const clone = tf.clone(variable);
  const zeros = tf.zeros([3]);
  const [firstMoment, secondMoment] = [tf.variable(zeros), tf.variable(zeros)];
  const gradient = tf.tensor1d([1, -1, 2]);
  const rates = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientFactor: 1 };
  engine.adamStep({ variable, gradient, firstMoment, secondMoment, ...rates, step: 1 });
  expect(Array.from(initial.dataSync())).toEqual([1, 2, 3]);
  expect(Array.from(clone.dataSync())).toEqual([1, 2, 3]);
  expect(Array.from(zeros.dataSync())).toEqual([0, 0, 0]);
  expect(variable.dataSync()[0]).toBeCloseTo(0.9, 6);
  expect(firstMoment.dataSync()[0]).toBeCloseTo(0.1, 6);
  expect(secondMoment.dataSync()[0]).toBeCloseTo(0.001, 6);
});

it('multiplies by the new values of a matrix that the optimizer wrote in place', () => {
  const { tf } = engine;
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const variable = tf.tidy(() => tf.variable(tf.tensor2d([1, 0, 0, 1], [2, 2])));
  const product = () => Array.from(tf.tidy(() => tf.matMul(x, variable as unknown as typeof x)).dataSync());
  expect(product()).toEqual([1, 2, 3, 4]);
  const gradient = tf.tensor2d([1, 1, 0, 2], [2, 2]);
  engine.momentumStep({ variable, gradient, learningRate: 1, momentum: 0, gradientFactor: 1 });
  expect(product()).toEqual([0, -3, 0, -7]);
});

it('refuses a second engine with other options, and shares one with the same', async () => {
  await expect(startEngine({ backEnd: 'cpu' })).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  const same = await startEngine({ backEnd: 'wasm', threads: 2 });
  await same.stop();
  expect(engine.tf.tidy(() => engine.tf.sum(engine.tf.ones([4])).dataSync()[0])).toBe(4);
});

it('trains two hundred steps without a growth of tensors or heap', () => {
  const { tf } = engine;
  const parameters = [tf.randomNormal([3, 3, 1, 8], 0, 0.3, 'float32', 1), tf.ones([8]), tf.zeros([8])];
  const variables = parameters.map((tensor) => tf.variable(tensor));
  const moments = variables.map((v) => [tf.zerosLike(v), tf.zerosLike(v)].map((zeros) => tf.variable(zeros)));
  const x = tf.randomNormal([4, 16, 16, 1], 0, 1, 'float32', 2) as Tensor4D;
  const target = tf.cast(tf.greater(x, 0), 'float32');
  const options = { kind: 'group', groups: 4, epsilon: 1e-5, relu: true } as const;
  const loss = () => {
    const [w, scale, shift] = variables as unknown as [Tensor4D, Tensor1D, Tensor1D];
    const { y } = engine.normalise(tf.conv2d(x, w, 1, 'same'), scale, shift, options);
    return tf.mean(tf.square(tf.sub(tf.mean(y, 3, true), target))) as Scalar;
  };
  const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientFactor: 1 };
  const losses: number[] = [];
  const counts: [tensors: number, heap: number][] = [];
  for (let step = 1; step <= 200; step++) {
    const { value, grads } = tf.variableGrads(loss, variables);
    variables.forEach((variable, i) => {
      const [firstMoment, secondMoment] = moments[i] as [Variable, Variable];
      const gradient = grads[variable.name]!;
      engine.adamStep({ variable, gradient, firstMoment, secondMoment, ...rates, step });
    });
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, grads]);
    counts.push([tf.memory().numTensors, engine.heapBytes()]);
  }
  expect(counts.at(-1)).toEqual(counts[1]);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
});
