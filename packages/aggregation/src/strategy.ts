/** What the host measures on the accepted updates, in one pass over their chunks, before weighing. */
export type Statistic = 'l2Norm' | 'pairwiseDot';

export interface AcceptedUpdate {
  readonly siteId: string;
  /** Training examples (pictures, not patients), as fixed when the site accepted the invitation. */
  readonly exampleCount: number;
}

/** The measurements that a strategy named in `needs`, in the order of the updates. */
export interface Measurements {
  readonly l2Norm?: Float64Array;
  /** Row k holds the dot products of update k with every update. */
  readonly pairwiseDot?: readonly Float64Array[];
}

/** One chunk of the model: the same index range of every array. Never the whole model. Read the arrays, do not keep them. */
export interface ChunkStep {
  /** The weights that the deltas were taken from. */
  readonly global: Float32Array;
  /** Weighted sum of the sites' deltas in site-id order, float64. */
  readonly sum: Float64Array;
  /** The sites' deltas one by one; only for strategies that see each update. */
  readonly each?: readonly Float32Array[];
  /** The strategy's own memory, one array a slot. */
  readonly state: readonly Float32Array[];
  readonly round: number;
  /** Room for the new values, which `step` may fill and return; what it holds means nothing. */
  readonly into: Float32Array;
}

/** Pure: no clock, no I/O, no randomness. Same input, same bytes out, so a round can be replayed from the audit log. */
export interface AggregationStrategy {
  /** Same as the folder name. */
  readonly name: string;
  /**
   * `all-sites`: one model comes out, made from all updates. `per-site`: each site gets a model of its own, made from its own
   * last model and its own update. `groupsOf` turns this into the runs of `aggregateModel`, so that the host has one loop.
   */
  readonly scope: 'all-sites' | 'per-site';
  /** `sum-only` works under secure aggregation; `each-update` does not, and the planner refuses the pair. */
  readonly sees: 'each-update' | 'sum-only';
  readonly needs: readonly Statistic[];
  /** Names of the arrays that live from round to round (momentum, variance, ...), each one model in size. */
  readonly stateSlots: readonly string[];
  /** One coefficient an update, in the order given. Errors  QUORUM_NOT_MET when nobody has an example. */
  weigh(updates: readonly AcceptedUpdate[], measured: Measurements): Float64Array;
  /** New values of the chunk, and of its state. Inputs other than `into` are not changed. */
  step(chunk: ChunkStep): { readonly global: Float32Array; readonly state: readonly Float32Array[] };
}
