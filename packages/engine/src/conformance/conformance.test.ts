import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineMode, EngineOptions, Tensor, Tensor4D } from '../index.js';
import { startEngine } from '../index.js';
import { CASES, MANY_CHANNELS, random } from './cases.js';
import { convolveInFloat64 } from './float64-convolution.js';

/**
 * Largest difference over largest value. Winograd F(4x4,3x3) in float32 errs by up to 1.2e-5 against float64, the sums of
 * the reference itself (float32, one after the other) by about 1e-6; a wrong tap, edge or sign gives more than 1e-2.
 */
const TOLERANCE = 5e-5;

type Results = Map<string, Float32Array[]>;

async function computeAll(options: EngineOptions): Promise<Results> {
  const engine = await startEngine(options);
  const results: Results = new Map();
  for (const { name, compute } of CASES) {
    results.set(
      name,
      engine.tf.tidy(() => compute(engine).map((tensor) => tensor.dataSync() as Float32Array)),
    );
  }
  await engine.stop();
  return results;
}

let reference: Results;
beforeAll(async () => {
  reference = await computeAll({ backEnd: 'cpu' });
}, 60_000);

for (const mode of ['deterministic', 'fast'] as const satisfies EngineMode[]) {
  describe(`wasm, ${mode}`, () => {
    let results: Results;
    beforeAll(async () => {
      results = await computeAll({ backEnd: 'wasm', mode, threads: 1 });
    });

    for (const { name } of CASES) {
      it(`agrees with cpu: ${name}`, () => {
        const expected = reference.get(name)!;
        const actual = results.get(name)!;
        expect(actual.length).toBe(expected.length);
        actual.forEach((values, i) => {
          expect(largestDifference(values, expected[i]!)).toBeLessThan(TOLERANCE);
        });
      });
    }

    it('gives the same bytes on one, two and three threads', async () => {
      for (const threads of [2, 3]) {
        const others = await computeAll({ backEnd: 'wasm', mode, threads });
        for (const { name } of CASES) expect(others.get(name), name).toEqual(results.get(name));
      }
    });
  });
}

it.each(MANY_CHANNELS)('wasm agrees with float64 on %i images of %ix%ix%i to %i filters', async (n, h, w, c, k) => {
  const engine = await startEngine({ backEnd: 'wasm', threads: 2 });
  const { tf } = engine;
  const run = (x: Tensor, filter: Tensor) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same');
  const inputs = [
    random(engine, [n, h, w, c], 1),
    random(engine, [3, 3, c, k], 2, 0.03),
    random(engine, [n, h, w, k], 3),
  ];
  const [x, filter, dy] = inputs as [Tensor, Tensor, Tensor];
  const actual = [run(x, filter), ...tf.grads(run)([x, filter], dy)].map((t) => t.dataSync() as Float32Array);
  const values = inputs.map((t) => t.dataSync() as Float32Array) as [Float32Array, Float32Array, Float32Array];
  const expected = convolveInFloat64([n, h, w, c, k], ...values);
  actual.forEach((result, i) => {
    expect(largestDifference(result, expected[i]!)).toBeLessThan(TOLERANCE);
  });
  await engine.stop();
});

/** NaN when a value is not a number, which is less than nothing. */
function largestDifference(actual: Float32Array, expected: Float32Array | Float64Array): number {
  if (actual.length !== expected.length) return Number.NaN;
  let difference = 0;
  let size = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return difference / size;
}
