import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startEngine } from '../index.js';
import type { WasmBackend } from './tensorflow-module.js';

const full = expect.objectContaining({ code: 'MEMORY_EXHAUSTED' });

/** Takes memory without touching it, so that the test needs none. */
async function startWithAllocator() {
  const engine = await startEngine({ backEnd: 'wasm', threads: 1 });
  const backend = engine.tf.backend() as unknown as WasmBackend;
  const take = (megabytes: number): TensorInfo => backend.makeOutput([megabytes * 250_000], 'float32');
  const free = (tensor: TensorInfo): boolean => backend.disposeData(tensor.dataId);
  return { engine, take, free };
}

it('refuses a tensor larger than any can be, and goes on working', async () => {
  const { engine, take, free } = await startWithAllocator();
  for (const megabytes of [2200, 4290, 5000]) expect(() => take(megabytes)).toThrow(full);
  free(take(100));
  expect(engine.tf.tidy(() => engine.tf.sum(engine.tf.ones([10])).dataSync()[0])).toBe(10);
  await engine.stop();
});

it('says that the heap is full instead of giving the same memory twice; a new engine works', async () => {
  const { engine, take, free } = await startWithAllocator();
  // A free piece at the heap's end lets upstream's allocator wrap around 4 GiB.
  const pieces = [take(1500), take(1500), take(80)];
  free(pieces.pop()!);
  expect(() => take(1500)).toThrow(full);
  for (const piece of pieces) free(piece);
  await engine.stop();
  const again = await startWithAllocator();
  expect(again.engine.tf.tidy(() => again.engine.tf.sum(again.engine.tf.ones([10])).dataSync()[0])).toBe(10);
  await again.engine.stop();
});
