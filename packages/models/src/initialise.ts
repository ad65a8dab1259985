import { entryLength } from '@consilium/tensors';
import type { Initial, Parameter } from './parameters.js';
import { type Random, randomFrom } from './random.js';

/** Initial values of the parameters, one after the other. Plain JavaScript: the coordinator has no engine. */
export function initialValues(parameters: readonly Parameter[], seed: Uint8Array): Float32Array {
  const [values] = initialChunks(parameters, seed, countOf(parameters));
  return values ?? new Float32Array();
}

/** The same values in pieces of `length`, the last one shorter; no more than one piece is held here. */
export function* initialChunks(
  parameters: readonly Parameter[],
  seed: Uint8Array,
  length: number,
): Generator<Float32Array<ArrayBuffer>, void, undefined> {
  const random = randomFrom(seed);
  let left = countOf(parameters);
  let chunk = new Float32Array(Math.min(length, left));
  let at = 0;
  for (const parameter of parameters) {
    const values = entryLength(parameter);
    for (let done = 0; done < values; ) {
      const part = Math.min(values - done, chunk.length - at);
      fill(chunk.subarray(at, at + part), parameter.initial, random);
      done += part;
      at += part;
      if (at < chunk.length) continue;
      left -= chunk.length;
      yield chunk;
      chunk = new Float32Array(Math.min(length, left));
      at = 0;
    }
  }
}

/** Number of values of all parameters. */
export function countOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, p) => sum + entryLength(p), 0);
}

function fill(values: Float32Array, initial: Initial, random: Random): void {
  switch (initial.kind) {
    case 'zero':
      return;
    case 'one':
      values.fill(1);
      return;
    case 'normal':
      for (let i = 0; i < values.length; i++) values[i] = initial.stdDev * random.normal();
  }
}
