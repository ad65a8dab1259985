import { ConsiliumError } from '@consilium/errors';

/**
 * What a site learned: local - global. Works on whole payloads and on single chunks alike.
 *
 * Numbers  one float32 rounding a value.
 * Errors   UPDATE_LAYOUT_MISMATCH when the lengths differ.
 */
export function deltaOf(local: Float32Array, global: Float32Array): Float32Array {
  requireSameLength(local, global);
  return local.map((value, j) => value - global[j]!);
}

/**
 * global + delta. Because of rounding this gives back the local weights only nearly.
 *
 * Errors   UPDATE_LAYOUT_MISMATCH when the lengths differ.
 */
export function applyDelta(global: Float32Array, delta: Float32Array): Float32Array {
  requireSameLength(global, delta);
  return global.map((value, j) => value + delta[j]!);
}

/** True when no value is NaN or infinite. */
export function areFinite(values: Float32Array): boolean {
  // A finite value times zero is zero, anything else is NaN: one sum tells, without a branch a value.
  let probe = 0;
  for (let j = 0; j < values.length; j++) probe += values[j]! * 0;
  return probe === 0;
}

/** Errors  UPDATE_NOT_FINITE on the first NaN or infinity (detail: its index, counted from `offset`). */
export function requireFinite(values: Float32Array, offset = 0): void {
  if (areFinite(values)) return;
  throw new ConsiliumError('UPDATE_NOT_FINITE', { index: offset + values.findIndex((v) => !Number.isFinite(v)) });
}

/** L2 norm over all values. Numbers  float64, summed in payload order; NaN if a value is. */
export function l2Norm(values: Float32Array): number {
  return Math.sqrt(sumOfSquares(values));
}

/**
 * `sum` plus the squares of the values, one after another. Folding this over the chunks of a payload in order gives the very
 * number that the whole payload gives.
 */
export function sumOfSquares(values: Float32Array, sum = 0): number {
  let total = sum;
  for (let j = 0; j < values.length; j++) total += values[j]! * values[j]!;
  return total;
}

function requireSameLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: a.length, got: b.length });
}
