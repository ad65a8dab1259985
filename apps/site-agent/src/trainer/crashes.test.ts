import { expect, it } from 'vitest';
import { errorOfEngine } from './crashes.js';

/** A module whose only function runs into `unreachable`, and one that reads behind its memory. */
const UNREACHABLE = [0x00, 0x0b];
const READS_BEHIND_MEMORY = [0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a, 0x0b];

function trapOf(code: readonly number[]): unknown {
  const body = [0x00, ...code];
  const section = (id: number, bytes: readonly number[]) => [id, bytes.length, ...bytes];
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 1]),
    ...section(7, [1, 1, 0x66, 0x00, 0]),
    ...section(10, [1, body.length, ...body]),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  try {
    return (exports.f as () => void)();
  } catch (error) {
    return error;
  }
}

it('a trap of wasm is a crash of the engine, also where its sentence speaks of memory', () => {
  expect(errorOfEngine(trapOf(UNREACHABLE), 8)).toMatchObject({
    code: 'ENGINE_CRASHED',
    detail: { trap: 'unreachable' },
  });
  const outOfBounds = errorOfEngine(trapOf(READS_BEHIND_MEMORY), 8);
  expect(outOfBounds).toMatchObject({ code: 'ENGINE_CRASHED', detail: { trap: 'memory access out of bounds' } });
});

it('a lack of memory names the batch, or says that the batch is not what is too large', () => {
  const lack = new RangeError('Array buffer allocation failed');
  expect(errorOfEngine(lack, 8)).toMatchObject({
    code: 'MEMORY_EXHAUSTED',
    detail: { batchSize: 8, advice: expect.stringContaining('below 8') },
  });
  expect(errorOfEngine(lack, 1).detail.advice).toContain('smaller images');
  const aborted = new WebAssembly.RuntimeError('Aborted(Cannot enlarge memory arrays)');
  expect(errorOfEngine(aborted, 8).code).toBe('MEMORY_EXHAUSTED');
});

it('any other error is a failure without a guess', () => {
  expect(errorOfEngine(new TypeError('x is not a function'), 8)).toMatchObject({ code: 'TRAINER_FAILED', detail: {} });
});
