import { entryLength } from '@consilium/tensors';
import type { Initial, Parameter } from './parameters.js';
import { type Random, randomFrom } from './random.js';

/** Initial values of the parameters, one after the other. Plain JavaScript: the coordinator has no engine. */
export function initialValues(parameters: readonly Parameter[], seed: Uint8Array): Float32Array {
  const random = randomFrom(seed);
  const values = new Float32Array(parameters.reduce((sum, p) => sum + entryLength(p), 0));
  let at = 0;
  for (const parameter of parameters) {
    const end = at + entryLength(parameter);
    fill(values.subarray(at, end), parameter.initial, random);
    at = end;
  }
  return values;
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
