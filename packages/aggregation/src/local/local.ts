import { ConsiliumError } from '@consilium/errors';
import { movedBy } from '../aggregate-chunk.js';
import type { AggregationStrategy } from '../strategy.js';

/**
 * Nothing is averaged: each site goes on from its own model, w_k' = w_k + d_k. The baseline that a federated run is compared
 * with, on the same machinery. Each group holds one update (see `groupsOf`), so the host's weighted sum is that delta itself.
 *
 * Numbers  one float64 addition, rounded once to float32.
 * Errors   QUORUM_NOT_MET when the site has no example.
 */
export const local: AggregationStrategy = {
  name: 'local',
  scope: 'per-site',
  sees: 'sum-only',
  needs: [],
  stateSlots: [],
  weigh(updates) {
    if (updates.length !== 1) throw new ConsiliumError('INTERNAL', { updates: updates.length });
    if (updates[0]!.exampleCount <= 0) throw new ConsiliumError('QUORUM_NOT_MET', { updates: 1 });
    return Float64Array.of(1);
  },
  step: (chunk) => ({ global: movedBy(chunk), state: [] }),
};
