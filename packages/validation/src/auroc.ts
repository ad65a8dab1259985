import type { ClassStatistics } from './statistics.js';

/**
 * The area under the ROC curve: the chance that an example of the class has a higher score than another example, where
 * equal scores count one half. Null without an example on either side.
 *
 * Numbers  exact for scores that are the same within a bin, as long as 2 * positives * negatives is below 2^53; how far those of the
 *          model can be from it: `aurocBound`.
 * Source   Mann and Whitney 1947; DeLong et al. 1988.
 */
export function auroc({ positives, negatives }: ClassStatistics): number | null {
  let positivesTotal = 0;
  let negativesBelow = 0;
  // Twice the number of pairs in the right order: whole numbers, so that no order of adding matters.
  let twicePairs = 0;
  for (const [bin, p] of positives.entries()) {
    const n = negatives[bin] ?? 0;
    twicePairs += p * (2 * negativesBelow + n);
    positivesTotal += p;
    negativesBelow += n;
  }
  const pairs = positivesTotal * negativesBelow;
  return pairs === 0 ? null : twicePairs / (2 * pairs);
}

/**
 * How far the AUROC of the model's own scores can be from that of the histogram: pairs in one bin count one half each, and may all
 * be in the right order, or all in the wrong one. Null without an example on either side.
 *
 * Numbers  1/2 sum(p_b n_b) / (P N).
 */
export function aurocBound({ positives, negatives }: ClassStatistics): number | null {
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const pairs = sum(positives) * sum(negatives);
  return pairs === 0 ? null : positives.reduce((total, p, bin) => total + p * (negatives[bin] ?? 0), 0) / (2 * pairs);
}
