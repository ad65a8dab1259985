import { afterEach, expect, it } from 'vitest';
import { convolveInFloat64 } from '../conformance/float64-convolution.js';
import { random } from '../conformance/random-tensor.js';
import type { BackEnd, Engine, Tensor, Tensor4D } from '../index.js';
import { startEngine } from '../index.js';

let engine: Engine | undefined;
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
});

const CASES = (['cpu', 'wasm'] satisfies BackEnd[]).flatMap((backEnd) =>
  ([2, 3, 5] as const).map((dilation) => [backEnd, dilation] as const),
);

it.each(CASES)(
  '%s convolves with dilation %i, forward and back, as the definition in float64',
  async (on, dilation) => {
    engine = await startEngine({ backEnd: on, threads: 1 });
    const { tf } = engine;
    const [n, h, w, c, k] = [2, 9, 7, 5, 6] as const;
    const run = (x: Tensor, filter: Tensor) =>
      tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same', 'NHWC', dilation);
    const [x, filter] = [random(engine, [n, h, w, c], 1), random(engine, [3, 3, c, k], 2)] as const;
    const dy = random(engine, [n, h, w, k], 3);
    const actual = [run(x, filter), ...tf.grads(run)([x, filter], dy)];
    const [values, taps, gradient] = [x, filter, dy].map((t) => t.dataSync() as Float32Array);
    const expected = convolveInFloat64([n, h, w, c, k], values!, taps!, gradient!, dilation);
    actual.forEach((tensor, i) => {
      tf.test_util.expectArraysClose(tensor.dataSync(), Float32Array.from(expected[i]!), 2e-4);
    });
  },
);

it('refuses the gradient of a dilated convolution in NCHW', async () => {
  engine = await startEngine({ backEnd: 'cpu' });
  const { tf } = engine;
  const filter = tf.zeros([3, 3, 2, 2]) as Tensor4D;
  const run = (x: Tensor) => tf.conv2d(x as Tensor4D, filter, 1, 'valid', 'NCHW', 2);
  const gradient = () => tf.grad(run)(tf.zeros([1, 2, 6, 6]));
  expect(gradient).toThrow(expect.objectContaining({ code: 'KERNEL_UNSUPPORTED' }));
});
