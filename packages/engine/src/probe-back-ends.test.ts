import { SOURCE_FLAGS } from '@consilium/testkit';
import { expect, it } from 'vitest';
import { probeBackEnds } from './index.js';

// An installation of whoever runs the tests is none of theirs.
process.env.CONSILIUM_ENGINE_DIR = '/nonexistent';

it('finds which back ends work, how fast they are, and what would make the others work', async () => {
  const reports = await probeBackEnds(SOURCE_FLAGS);
  const [wasm, tensorflow, cpu] = ['wasm', 'tensorflow', 'cpu'].map((name) => reports.find((r) => r.backEnd === name));
  expect(wasm).toMatchObject({ backEnd: 'wasm', works: true, isChosen: true });
  expect(tensorflow).toMatchObject({ backEnd: 'tensorflow', works: false, isChosen: false });
  expect(tensorflow!.command).toMatch(/^consilium engine install tensorflow/);
  expect(cpu).toMatchObject({ backEnd: 'cpu', works: true, threads: 1 });
  expect(wasm!.gflops!).toBeGreaterThan(20 * cpu!.gflops!);
}, 60_000);
