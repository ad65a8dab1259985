import { refuse } from './refuse.js';

/** The outermost edges: what lies beyond is certain either way. */
const FARTHEST = 20;
/** Below it the bins are nearly even, beyond it each is a fixed share of its distance from zero. */
const NEAR = 0.1;

/**
 * Where the histogram of a class's scores is cut while nothing is known of the model: ascending log-odds. Fine around zero, where an untrained model's scores lie, and
 * out to where an overconfident one's do; even steps of the probability would put all of those into the first and the last bin.
 *
 * Shapes   one edge fewer than bins; the first and the last bin reach to infinity.
 * Numbers  edge = 0.1 sinh(t asinh(200)), t from -1 to 1 in even steps.
 */
export function scoreEdges(bins: number): readonly number[] {
  const last = bins - 2;
  const reach = Math.asinh(FARTHEST / NEAR);
  return Array.from({ length: bins - 1 }, (_, i) => NEAR * Math.sinh(((2 * i - last) / Math.max(last, 1)) * reach));
}

/** The bin of a score: the number of edges at or below it. */
export function scoreBin(score: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The score of each class: its log-odds against the others, which is its logit less the logarithm of the sum of the others'
 * exponentials. A probability in float32 is 1 from 17 on, and whatever the model says beyond that would be lost.
 *
 * Errors   EVALUATION_INVALID: a logit that is not finite.
 */
export function logOdds(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  if (!all.every(Number.isFinite)) refuse('a score that is no finite number');
  return all.map((logit, c) => logit - logSumExp(all.filter((_, other) => other !== c)));
}

function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}
