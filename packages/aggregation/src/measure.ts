import { ConsiliumError } from '@consilium/errors';
import type { Measurements, Statistic } from './strategy.js';

/**
 * Measures what a strategy needs, in one pass over the chunks. Nothing is read when nothing is needed.
 *
 * Numbers  float64, in payload order. Memory: one chunk of each update.
 * Errors   UPDATE_LAYOUT_MISMATCH when the updates' chunks differ in length.
 */
export async function measure(
  needs: readonly Statistic[],
  updates: number,
  chunks: number,
  readDelta: (update: number, chunk: number) => Promise<Float32Array>,
): Promise<Measurements> {
  if (!needs.includes('pairwiseDot')) return {};
  const dots = Array.from({ length: updates }, () => new Float64Array(updates));
  for (let chunk = 0; chunk < chunks; chunk++) {
    const held: Float32Array[] = [];
    for (let k = 0; k < updates; k++) {
      held.push((await readDelta(k, chunk)).slice());
      for (let i = 0; i <= k; i++) dots[k]![i]! += dot(held[i]!, held[k]!);
    }
  }
  for (let k = 0; k < updates; k++) for (let i = 0; i < k; i++) dots[i]![k] = dots[k]![i]!;
  return { pairwiseDot: dots };
}

function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: a.length, got: b.length });
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
