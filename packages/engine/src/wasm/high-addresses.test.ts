import { freemem } from 'node:os';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CASES } from '../conformance/cases.js';
import { computeCase } from '../conformance/compute-case.js';
import { differenceOfCase } from '../conformance/difference.js';
import { MANY_CHANNELS } from '../conformance/many-channels.js';
import { TOLERANCES } from '../conformance/tolerances.js';
import { startEngine } from '../index.js';
import type { WasmBackend } from './tensorflow-module.js';

const GIBIBYTE = 2 ** 30;
const NEEDED = 6 * GIBIBYTE;
const FILLERS = 5;
const FILLER_VALUES = 120_000_000;

const isShort = freemem() < NEEDED;

it.skipIf(isShort)(
  `wasm computes the same beyond 2 GiB of its heap${isShort ? ' (skipped: less than 6 GiB of memory are free)' : ''}`,
  async () => {
    const cpu = await startEngine({ backEnd: 'cpu' });
    const expected = new Map<string, readonly (Float32Array | Float64Array)[]>();
    for (const one of CASES) expected.set(one.name, await computeCase(cpu, one));
    for (const one of MANY_CHANNELS) expected.set(one.name, one.define(cpu));
    await cpu.stop();

    const engine = await startEngine({ backEnd: 'wasm', mode: 'fast', threads: 2 });
    const { tf } = engine;
    const fillers = Array.from({ length: FILLERS }, () => tf.fill([FILLER_VALUES], 1));
    try {
      const backend = tf.backend() as WasmBackend;
      const addressOf = (tensor: TensorInfo) => backend.getMemoryOffset(tensor.dataId) >>> 0;
      // The gaps below are filled, down to the smallest: what comes now comes behind.
      for (const length of [1e6, 1e5, 1e4, 1e3, 100, 10, 1])
        do fillers.push(tf.fill([length], 1));
        while (addressOf(fillers.at(-1)!) < 2 * GIBIBYTE);
      const makeOutput = backend.makeOutput.bind(backend);
      const counts = { below: 0, beyond: 0 };
      backend.makeOutput = (...args) => {
        const output = makeOutput(...args);
        counts[addressOf(output) < 2 * GIBIBYTE ? 'below' : 'beyond']++;
        return output;
      };
      for (const one of [...CASES, ...MANY_CHANNELS]) {
        const difference = differenceOfCase(await computeCase(engine, one), expected.get(one.name)!);
        expect(difference, one.name).toBeLessThanOrEqual(TOLERANCES.operation.limit);
      }
      expect(counts.beyond).toBeGreaterThan(500);
      expect(counts.below).toBeLessThan(counts.beyond / 100);
    } finally {
      tf.dispose(fillers);
      await engine.stop();
    }
  },
  180_000,
);
