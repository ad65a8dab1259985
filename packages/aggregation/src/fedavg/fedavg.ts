import { ConsiliumError } from '@consilium/errors';
import { movedBy } from '../aggregate-chunk.js';
import type { AggregationStrategy } from '../strategy.js';

/**
 * Adds the example-weighted mean of the site deltas to the global weights: g' = g + sum_k (n_k / n) * d_k.
 *
 * Numbers  the host sums in float64 in site-id order; rounded once to float32 here.
 * Errors   QUORUM_NOT_MET when no site has an example.
 * Source   McMahan et al. 2017, arXiv:1602.05629, Algorithm 1.
 */
export const fedavg: AggregationStrategy = {
  name: 'fedavg',
  scope: 'all-sites',
  sees: 'sum-only',
  needs: [],
  stateSlots: [],
  weigh(updates) {
    const total = updates.reduce((n, u) => n + u.exampleCount, 0);
    if (total <= 0) throw new ConsiliumError('QUORUM_NOT_MET', { updates: updates.length });
    return Float64Array.from(updates, (u) => u.exampleCount / total);
  },
  step: (chunk) => ({ global: movedBy(chunk), state: [] }),
};
