import { ConsiliumError } from '@consilium/errors';
import { movedBy } from '../aggregate-chunk.js';
import { requireAggregable } from '../require-aggregable.js';
import type { AggregationStrategy } from '../strategy.js';

/**
 * Nothing is averaged: each site goes on from its own model, w_k' = w_k + d_k. The baseline that a federated run is compared
 * with, on the same machinery. Each group holds one update (see `groupsOf`), so the host's weighted sum is that delta itself.
 *
 * Numbers  one float64 addition, rounded once to float32.
 * Errors   those of `requireAggregable`. A site moves no other site's model, so nothing is bounded.
 */
export const local: AggregationStrategy = {
  name: 'local',
  scope: 'per-site',
  sees: 'sum-only',
  needs: [],
  stateSlots: [],
  weigh(updates, bounds) {
    requireAggregable(updates, bounds);
    const [own] = updates;
    if (own === undefined || updates.length > 1) throw new ConsiliumError('INTERNAL', { updates: updates.length });
    const { siteId, deltaNorm } = own;
    return [{ siteId, exampleShare: 1, share: 1, deltaNorm, clippedNorm: deltaNorm, weight: 1 }];
  },
  step: (chunk) => ({ global: movedBy(chunk), state: [] }),
};
