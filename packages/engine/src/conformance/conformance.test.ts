import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineMode, EngineOptions } from '../index.js';
import { startEngine } from '../index.js';
import { CASES, type Case } from './cases.js';
import { computeCase } from './compute-case.js';
import { differenceOfCase } from './difference.js';
import { LARGE_SUMS } from './large-sums.js';
import { MANY_CHANNELS } from './many-channels.js';
import { reasonWhyMissing } from './missing-back-end.js';
import { TOLERANCES } from './tolerances.js';

type Results = Map<string, Float32Array[]>;

async function computeAll(options: EngineOptions, cases: readonly Case[]): Promise<Results> {
  const engine = await startEngine(options);
  const results: Results = new Map();
  for (const one of cases) results.set(one.name, await computeCase(engine, one));
  await engine.stop();
  return results;
}

const SMALL_AND_LARGE = [...CASES, ...LARGE_SUMS];
let reference: Results;
beforeAll(async () => {
  reference = await computeAll({ backEnd: 'cpu' }, SMALL_AND_LARGE);
}, 60_000);

/** The tests of one back end against `cpu`; what it gave, for more. */
function agreesWithCpu(options: EngineOptions): { results: Results } {
  const own = { results: new Map() as Results };
  beforeAll(async () => {
    own.results = await computeAll(options, SMALL_AND_LARGE);
  }, 120_000);
  for (const [cases, { limit }] of [
    [CASES, TOLERANCES.operation],
    [LARGE_SUMS, TOLERANCES.largeSum],
  ] as const)
    it.each(cases)('agrees with cpu: $name', ({ name }) => {
      expect(differenceOfCase(own.results.get(name)!, reference.get(name)!)).toBeLessThanOrEqual(limit);
    });
  return own;
}

for (const mode of ['deterministic', 'fast'] as const satisfies EngineMode[]) {
  describe(`wasm, ${mode}`, () => {
    const own = agreesWithCpu({ backEnd: 'wasm', mode, threads: 1 });

    it('gives the same bytes on one to four threads', async () => {
      for (const threads of [2, 3, 4]) {
        const others = await computeAll({ backEnd: 'wasm', mode, threads }, CASES);
        for (const { name } of CASES) expect(others.get(name), name).toEqual(own.results.get(name));
      }
    });
  });
}

for (const backEnd of ['tensorflow', 'webgpu'] as const) {
  const missing = await reasonWhyMissing({ backEnd });
  if (missing === undefined) describe(backEnd, () => void agreesWithCpu({ backEnd }));
  else it.skip(`${backEnd} agrees with cpu: ${missing}`);
}

it.each(MANY_CHANNELS)('wasm agrees with float64: $name', async (one) => {
  const engine = await startEngine({ backEnd: 'wasm', threads: 2 });
  const actual = await computeCase(engine, one);
  expect(differenceOfCase(actual, one.define(engine))).toBeLessThanOrEqual(TOLERANCES.operation.limit);
  await engine.stop();
});
