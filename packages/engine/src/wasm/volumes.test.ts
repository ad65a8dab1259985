import { afterEach, expect, it } from 'vitest';
import { random } from '../conformance/random-tensor.js';
import type { Engine, Tensor, Tensor5D } from '../index.js';
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
