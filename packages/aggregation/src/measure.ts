import { ConsiliumError } from '@consilium/errors';
import type { Measurements, Statistic } from './strategy.js';

/**
 * Measures what a strategy needs, in one pass over the chunks. Nothing is read when nothing is needed.
 *
 * Numbers  float64, in payload order. Memory: one chunk of each update for `pairwiseDot`, of one update otherwise.
 * Errors   UPDATE_LAYOUT_MISMATCH when the updates' chunks differ in length.
 */
export async function measure(
  needs: readonly Statistic[],
  updates: number,
  chunks: number,
  readDelta: (update: number, chunk: number) => Promise<Float32Array>,
): Promise<Measurements> {
  if (needs.length === 0) return {};
  const square = new Float64Array(updates);
  const dots = Array.from({ length: updates }, () => new Float64Array(updates));
  const isPairwise = needs.includes('pairwiseDot');
  for (let chunk = 0; chunk < chunks; chunk++) {
    const held: Float32Array[] = [];
    for (let k = 0; k < updates; k++) {
      const delta = await readDelta(k, chunk);
      square[k]! += dot(delta, delta);
      if (!isPairwise) continue;
      held.push(delta.slice());
      for (let i = 0; i <= k; i++) dots[k]![i]! += dot(held[i]!, held[k]!);
    }
  }
  for (let k = 0; k < updates; k++) for (let i = 0; i < k; i++) dots[i]![k] = dots[k]![i]!;
  return {
    ...(needs.includes('l2Norm') ? { l2Norm: square.map(Math.sqrt) } : {}),
    ...(isPairwise ? { pairwiseDot: dots } : {}),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: a.length, got: b.length });
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
