import { requireAggregable } from './require-aggregable.js';
import type { AcceptedUpdate, Weighing, WeightBounds } from './strategy.js';

/**
 * What each update counts for, so that no site owns the sum: its share of the examples, at most `maximumShare`, and its delta,
 * shortened to `clipToMedianNorm` times the median norm.
 *
 * Shares   what a capped site has to give up goes to the others in proportion to their examples, and again, until none is above
 *          (water-filling). With fewer sites than 1 / maximumShare no division could keep to it: then all weigh the same.
 * Norms    the median is that of the sites with examples whose delta is not zero; of an even number the lower one of the middle
 *          two, so that of two sites the shorter delta decides. A delta is shortened, never lengthened.
 * Numbers  sums of counts are exact, whatever the order; float64 beyond that.
 * Errors   QUORUM_NOT_MET, UPDATE_COUNT_INVALID, UPDATE_NOT_FINITE, UPDATE_CONFLICT, PLAN_INVALID for bounds that are none.
 */
export function weighBounded(updates: readonly AcceptedUpdate[], bounds: WeightBounds): Weighing[] {
  requireAggregable(updates, bounds);
  const counts = updates.map((u) => u.exampleCount);
  const total = sumOf(counts);
  const shares = cappedShares(counts, bounds.maximumShare);
  const longest = longestNorm(updates, bounds.clipToMedianNorm);
  return updates.map(({ siteId, exampleCount, deltaNorm }, k) => {
    const clippedNorm = Math.min(deltaNorm, longest);
    const isClipped = clippedNorm < deltaNorm;
    return {
      ...{ siteId, exampleShare: exampleCount / total, share: shares[k]!, deltaNorm, clippedNorm },
      weight: isClipped ? shares[k]! * (clippedNorm / deltaNorm) : shares[k]!,
    };
  });
}

/** Whether an update counts for less than its examples and its delta would give it: it is capped, clipped or both. */
export function isLimited({ exampleShare, share, deltaNorm, clippedNorm }: Weighing): boolean {
  return share < exampleShare || clippedNorm < deltaNorm;
}

/** Shares of the counts, in their order, that sum to 1 and of which none is above `maximumShare` if that can be. */
export function cappedShares(counts: readonly number[], maximumShare: number): number[] {
  const sites = counts.filter((count) => count > 0).length;
  if (maximumShare * sites <= 1) return counts.map((count) => (count > 0 ? 1 / sites : 0));
  const capped = new Set<number>();
  for (;;) {
    const rest = sumOf(counts.filter((_, k) => !capped.has(k)));
    const room = 1 - capped.size * maximumShare;
    const shares = counts.map((count, k) => (capped.has(k) ? maximumShare : count && room * (count / rest)));
    const above = shares.flatMap((share, k) => (share > maximumShare ? [k] : []));
    if (above.length === 0) return shares;
    for (const k of above) capped.add(k);
  }
}

/** Infinity where nothing is clipped. */
function longestNorm(updates: readonly AcceptedUpdate[], clipToMedianNorm: number | null): number {
  const norms = updates.filter((u) => u.exampleCount > 0 && u.deltaNorm > 0).map((u) => u.deltaNorm);
  if (clipToMedianNorm === null || norms.length === 0) return Number.POSITIVE_INFINITY;
  norms.sort((a, b) => a - b);
  return clipToMedianNorm * norms[Math.floor((norms.length - 1) / 2)]!;
}

/** The exact sum of whole numbers, rounded once. */
function sumOf(counts: readonly number[]): number {
  return Number(counts.reduce((sum, count) => sum + BigInt(count), 0n));
}
