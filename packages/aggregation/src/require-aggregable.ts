import { ConsiliumError } from '@consilium/errors';
import type { AcceptedUpdate, WeightBounds } from './strategy.js';

/**
 * What no round may be summed without, whoever asks: there are updates, one a site, with counts that a dataset can have and
 * norms that a delta can have.
 *
 * Errors   QUORUM_NOT_MET when there is no update, or none with an example; UPDATE_COUNT_INVALID, UPDATE_NOT_FINITE (the norm)
 *          and UPDATE_CONFLICT (two of one site), each with the site; PLAN_INVALID.
 */
export function requireAggregable(updates: readonly AcceptedUpdate[], bounds: WeightBounds): void {
  const seen = new Set<string>();
  for (const { siteId: site, exampleCount, deltaNorm } of updates) {
    if (!Number.isSafeInteger(exampleCount) || exampleCount < 0)
      throw new ConsiliumError('UPDATE_COUNT_INVALID', { site, exampleCount });
    if (!Number.isFinite(deltaNorm) || deltaNorm < 0)
      throw new ConsiliumError('UPDATE_NOT_FINITE', { site, deltaNorm });
    if (seen.has(site)) throw new ConsiliumError('UPDATE_CONFLICT', { site });
    seen.add(site);
  }
  if (!updates.some((u) => u.exampleCount > 0)) throw new ConsiliumError('QUORUM_NOT_MET', { updates: updates.length });
  const { maximumShare, clipToMedianNorm } = bounds;
  if (!(maximumShare > 0 && maximumShare <= 1)) throw new ConsiliumError('PLAN_INVALID', { maximumShare });
  if (clipToMedianNorm !== null && !(clipToMedianNorm >= 1 && Number.isFinite(clipToMedianNorm)))
    throw new ConsiliumError('PLAN_INVALID', { clipToMedianNorm });
}
