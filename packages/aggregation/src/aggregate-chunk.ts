import { ConsiliumError } from '@consilium/errors';
import type { AggregationStrategy, ChunkStep } from './strategy.js';

/**
 * One chunk of one round. The updates are read one after another, so memory is one float64 chunk, plus all chunks only if the
 * strategy must see each.
 *
 * Shapes   `weights` in site-id order; `readDelta(k)` gives update k's chunk, as long as `chunk.global`. The array may be
 *          reused by the next read. `sum` is overwritten.
 * Numbers  summed in float64, one update after another.
 * Errors   UPDATE_LAYOUT_MISMATCH, UPDATE_NOT_FINITE (detail: index of the update).
 */
export async function aggregateChunk(
  strategy: AggregationStrategy,
  weights: Float64Array,
  readDelta: (update: number) => Promise<Float32Array>,
  chunk: Omit<ChunkStep, 'sum' | 'each'>,
  sum: Float64Array = new Float64Array(chunk.global.length),
): Promise<ReturnType<AggregationStrategy['step']>> {
  sum.fill(0);
  const each: Float32Array[] = [];
  for (let k = 0; k < weights.length; k++) {
    const delta = await readDelta(k);
    if (!addScaled(sum, delta, weights[k]!)) throw refusal(sum.length, delta.length, k);
    if (strategy.sees === 'each-update') each.push(delta.slice());
  }
  return strategy.step(strategy.sees === 'sum-only' ? { ...chunk, sum } : { ...chunk, sum, each });
}

/** into = global + sum, rounded once to float32: the last line of every strategy that moves the model by the weighted sum. */
export function movedBy({ global, sum, into }: Pick<ChunkStep, 'global' | 'sum' | 'into'>): Float32Array {
  for (let j = 0; j < into.length; j++) into[j] = global[j]! + sum[j]!;
  return into;
}

/** sum += weight * delta. False when the lengths differ or a value is not finite. */
function addScaled(sum: Float64Array, delta: Float32Array, weight: number): boolean {
  if (delta.length !== sum.length) return false;
  // A finite value times zero is zero, anything else is NaN: one sum tells whether all were finite.
  let probe = 0;
  for (let j = 0; j < sum.length; j++) {
    const d = delta[j]!;
    sum[j]! += weight * d;
    probe += d * 0;
  }
  return probe === 0;
}

function refusal(expected: number, got: number, update: number): ConsiliumError {
  return expected === got
    ? new ConsiliumError('UPDATE_NOT_FINITE', { update })
    : new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { update, expected, got });
}
