import type { ClassStatistics } from './statistics.js';

/**
 * The area under the ROC curve: the chance that an example of the class has a higher score than another example, where
 * equal scores count one half. Null without an example on either side.
 *
 * Numbers  exact for the scores rounded to the grid, as long as 2 * positives * negatives is below 2^53.
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
