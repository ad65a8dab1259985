import type { Scalar } from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import { differenceOfCase } from '../conformance/difference.js';
import { random } from '../conformance/random-tensor.js';
import { TOLERANCES } from '../conformance/tolerances.js';
import type { Engine, Tensor, Tensor1D, Tensor5D } from '../index.js';
import { startEngine } from '../index.js';

let engine: Engine | undefined;
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
});

it("samples the first voxel of each stride where the filter is smaller than the stride, with 'same' as with 'valid'", async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 1 });
  const { tf } = engine;
  const inputs = [random(engine, [1, 5, 6, 8, 6], 1), random(engine, [1, 1, 1, 6, 5], 2)];
  const dy = random(engine, [1, 3, 3, 4, 5], 3);
  const results = (pad: 'same' | 'valid') => {
    const run = (x: Tensor, filter: Tensor) => tf.conv3d(x as Tensor5D, filter as Tensor5D, 2, pad) as Tensor;
    const pooled = tf.maxPool3d(inputs[0] as Tensor5D, 1, 2, pad);
    return [run(inputs[0]!, inputs[1]!), ...tf.grads(run)(inputs, dy), pooled].map((t) => t.dataSync().slice());
  };
  expect(results('same')).toEqual(results('valid'));
  expect(results('same')[3]![0]).toBe(inputs[0]!.dataSync()[0]);
});

it('gives the gradient of maximum pooling to the first of equal maxima of a volume', async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 1 });
  const { tf } = engine;
  // Voxels (depth, row, column) 0..7; equal maxima at 3, 4 and 6, for each of five channels.
  const column = [1, 2, 0, 5, 5, 3, 5, 4];
  const x = tf.tensor5d(
    column.flatMap((value) => Array<number>(5).fill(value)),
    [1, 2, 2, 2, 5],
  );
  const dy = tf.tensor5d([7, 8, 9, 10, 11], [1, 1, 1, 1, 5]);
  const dx = tf
    .grad((t) => tf.maxPool3d(t as Tensor5D, 2, 2, 'valid'))(x, dy)
    .dataSync();
  const expected = new Float32Array(40);
  expected.set([7, 8, 9, 10, 11], 15);
  expect(dx).toEqual(expected);
});

it('leaves no tensor behind where a volume is seen as an image', async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 1 });
  const { tf } = engine;
  const [x, scale, shift] = [random(engine, [1, 2, 3, 4, 6], 1), tf.ones([6]), tf.zeros([6])];
  const before = tf.memory().numTensors;
  const options = { kind: 'group', groups: 2, epsilon: 1e-5, relu: false } as const;
  const { y, mean, reciprocalStdDev } = engine.normalise(x as Tensor5D, scale as Tensor1D, shift as Tensor1D, options);
  const { crossEntropy, dice } = engine.crossEntropyAndDice(x as Tensor5D, x as Tensor5D);
  expect(tf.memory().numTensors).toBe(before + 5);
  expect([y.shape, mean.shape, dice.shape]).toEqual([x.shape, [1, 6], [1, 6]]);
  tf.dispose([y, mean, reciprocalStdDev, crossEntropy, dice]);
});

/** Loss and gradients of a U-Net of one level on volumes [1,4,6,6,2]; tensors that are left of one step. */
async function unetStep(backEnd: 'cpu' | 'wasm') {
  engine = await startEngine({ backEnd, threads: 2 });
  const on = engine;
  const { tf } = on;
  const shapes = [
    [3, 3, 3, 2, 8],
    [3, 3, 3, 8, 12],
    [2, 2, 2, 8, 12],
    [3, 3, 3, 16, 8],
    [1, 1, 1, 8, 1],
  ];
  const weights = shapes.map((shape, i) => tf.variable(random(on, shape, 20 + i, 0.2)));
  const [scale, shift] = [tf.variable(tf.fill([8], 0.8)), tf.variable(tf.fill([8], 0.3))];
  const x = random(on, [1, 4, 6, 6, 2], 1) as Tensor5D;
  const masks = tf.tidy(() => tf.cast(tf.greater(random(on, [1, 4, 6, 6, 1], 2), 0.5), 'float32')) as Tensor5D;
  const [w0, w1, w2, w3, w4] = weights as unknown as [Tensor5D, Tensor5D, Tensor5D, Tensor5D, Tensor5D];
  const norm = (t: Tensor5D) => {
    const options = { kind: 'group', groups: 4, epsilon: 1e-5, relu: true } as const;
    return on.normalise(t, scale as unknown as Tensor1D, shift as unknown as Tensor1D, options).y;
  };
  const loss = () => {
    const upper = norm(tf.conv3d(x, w0, 1, 'same'));
    const lower = tf.relu(tf.conv3d(tf.maxPool3d(upper, 2, 2, 'valid'), w1, 1, 'same'));
    const back = tf.conv3dTranspose(lower, w2, [1, 4, 6, 6, 8], 2, 'same');
    const merged = norm(tf.conv3d(tf.concat([upper, back], 4), w3, 1, 'same'));
    const { crossEntropy, dice } = on.crossEntropyAndDice(tf.conv3d(merged, w4, 1, 'same'), masks);
    return tf.add(tf.mean(crossEntropy), tf.mean(dice)) as Scalar;
  };
  const before = tf.memory().numTensors;
  const { value, grads } = tf.variableGrads(loss);
  const left = tf.memory().numTensors - before - 1 - Object.keys(grads).length;
  const results = [value, ...Object.values(grads)].map((t) => Float32Array.from(t.dataSync()));
  tf.dispose([value, grads, weights, scale, shift, x, masks]);
  await on.stop();
  engine = undefined;
  return { results, left };
}

it('gives the loss and the gradients of a U-Net on volumes as cpu does', async () => {
  const [expected, actual] = [await unetStep('cpu'), await unetStep('wasm')];
  expect(actual.left).toBe(0);
  expect(differenceOfCase(actual.results, expected.results)).toBeLessThanOrEqual(TOLERANCES.operation.limit);
  // Seven variables; none without a gradient.
  expect(actual.results.slice(1).map((g) => g.some((value) => value !== 0))).toEqual(Array(7).fill(true));
});
