import { expect, it } from 'vitest';
import { probeBackEnds } from './index.js';

it('finds that both back ends work, and how fast they are', async () => {
  const reports = await probeBackEnds();
  const [wasm, cpu] = ['wasm', 'cpu'].map((name) => reports.find((r) => r.backEnd === name));
  expect(wasm).toMatchObject({ backEnd: 'wasm', works: true });
  expect(cpu).toMatchObject({ backEnd: 'cpu', works: true, threads: 1 });
  expect(wasm!.gflops!).toBeGreaterThan(20 * cpu!.gflops!);
});
