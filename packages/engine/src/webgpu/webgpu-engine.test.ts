import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { reasonWhyMissing } from '../conformance/missing-back-end.js';
import { probeBackEnds, startEngine } from '../index.js';
import { perOutput } from './program.js';
import type { WebgpuBackend } from './upstream.js';

const missing = await reasonWhyMissing({ backEnd: 'webgpu' });
const start = () => startEngine({ backEnd: 'webgpu' });
/** The backend object itself, with the device that its types keep private. */
const backendOf = ({ tf }: Awaited<ReturnType<typeof start>>) =>
  tf.backend() as unknown as WebgpuBackend & { readonly device: GPUDevice };

afterEach(() => {
  vi.unstubAllEnvs();
});

it('the doctor is told which graphics processor it is, or why there is none', async () => {
  const report = (await probeBackEnds(SOURCE_FLAGS)).find((r) => r.backEnd === 'webgpu')!;
  if (missing === undefined) {
    expect(report).toMatchObject({ works: true, device: expect.stringMatching(/./) });
    expect(report.gflops).toBeGreaterThan(0);
  } else {
    expect(report).toMatchObject({ works: false, note: missing });
    expect(missing).toMatch(/no adapter: |only a software adapter|package not installed: |does not load/);
  }
}, 60_000);

it.skipIf(missing)(`refuses a software adapter unless asked (${missing ?? 'here'})`, async () => {
  const engine = await start();
  const isSoftware = /llvmpipe|swiftshader|warp/i.test(engine.device!);
  await engine.stop();
  vi.stubEnv('CONSILIUM_WEBGPU_SOFTWARE', '');
  if (!isSoftware) await (await start()).stop();
  else
    await expect(start()).rejects.toMatchObject({
      code: 'BACK_END_UNAVAILABLE',
      detail: { reason: expect.stringContaining('only a software adapter (llvmpipe') },
    });
});

it.skipIf(missing)(`refuses a tensor over the device's limit, and goes on (${missing ?? 'here'})`, async () => {
  const engine = await start();
  const { tf } = engine;
  const elements = backendOf(engine).device.limits.maxStorageBufferBindingSize / 4 + 1024;
  expect(() => tf.tidy(() => tf.add(tf.fill([elements], 1), 1))).toThrow(
    expect.objectContaining({ code: 'MEMORY_EXHAUSTED', detail: expect.objectContaining({ bytes: 4 * elements }) }),
  );
  const sum = tf.tidy(() => tf.sum(tf.ones([10])));
  expect(Array.from(await sum.data())).toEqual([10]);
  await engine.stop();
});

it.skipIf(missing)(`tells at the next read that the device refused a shader (${missing ?? 'here'})`, async () => {
  const engine = await start();
  const { tf } = engine;
  const broken = { name: 'broken', variableNames: ['x'], uniforms: '', code: 'fn main(index : i32) { nothing(); }' };
  const x = tf.ones([4]);
  backendOf(engine).runWebGPUProgram(perOutput([4], broken), [x], 'float32');
  await expect(tf.tidy(() => tf.add(x, 1)).data()).rejects.toMatchObject({ code: 'KERNEL_UNSUPPORTED' });
  await engine.stop();
});

it.skipIf(missing)(`tells of a lost device, and starts again with another (${missing ?? 'here'})`, async () => {
  const engine = await start();
  const { tf } = engine;
  const sum = tf.tidy(() => tf.sum(tf.fill([1000], 3)));
  backendOf(engine).device.destroy();
  await expect(sum.data()).rejects.toMatchObject({ code: 'DEVICE_LOST', kind: 'unavailable' });
  await engine.stop();
  const again = await start();
  expect(Array.from(await again.tf.tidy(() => again.tf.sum(again.tf.fill([1000], 3))).data())).toEqual([3000]);
  await again.stop();
});
