import { expect, it, vi } from 'vitest';
import { startEngine } from './index.js';

vi.mock('./tensorflow/gpu.js', async (load) => ({ ...(await load<object>()), hasGpuInstallation: () => true }));

it('goes on with wasm where TensorFlow for a GPU does not start, and says so', async () => {
  vi.stubEnv('CONSILIUM_ENGINE_DIR', '/nonexistent');
  const engine = await startEngine();
  expect(engine.backEnd).toBe('wasm');
  expect(engine.passedOver).toEqual([expect.stringMatching(/^tensorflow: .*not installed/)]);
  await engine.stop();
  vi.unstubAllEnvs();
});

it('passes nothing over when a back end is asked for by name', async () => {
  const engine = await startEngine({ backEnd: 'wasm' });
  expect(engine.passedOver).toEqual([]);
  await engine.stop();
});
