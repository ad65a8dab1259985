import { movedBy } from '../aggregate-chunk.js';
import type { AggregationStrategy } from '../strategy.js';
import { weighBounded } from '../weighing.js';

/**
 * Adds the example-weighted mean of the site deltas to the global weights: g' = g + sum_k (n_k / n) * d_k,
 * where a site's share and the length of its delta are bounded (`weighBounded`).
 *
 * Numbers  the host sums in float64 in site-id order; rounded once to float32 here.
 * Errors   those of `weighBounded`.
 * Source   McMahan et al. 2017, arXiv:1602.05629, Algorithm 1.
 */
export const fedavg: AggregationStrategy = {
  name: 'fedavg',
  scope: 'all-sites',
  sees: 'sum-only',
  needs: [],
  stateSlots: [],
  weigh: weighBounded,
  step: (chunk) => ({ global: movedBy(chunk), state: [] }),
};
