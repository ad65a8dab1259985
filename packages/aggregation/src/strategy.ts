/** What the host measures on the accepted updates, in one pass over their chunks, before weighing. */
export type Statistic = 'pairwiseDot';

export interface AcceptedUpdate {
  readonly siteId: string;
  /** Training examples (pictures, not patients), as fixed when the site accepted the invitation. */
  readonly exampleCount: number;
  /** Of the shared values of its delta (`DeltaNorm`), as the coordinator measured it when it accepted the update. */
  readonly deltaNorm: number;
}

/** What the plan lets one site move. */
export interface WeightBounds {
  /** Largest share of the sum that a site may have, above 0 up to 1. */
  readonly maximumShare: number;
  /** A delta is shortened to so many times the median norm of its round, at least 1; null for never. */
  readonly clipToMedianNorm: number | null;
}

/** What an update counts for, and what it would have counted for without bounds. */
export interface Weighing {
  readonly siteId: string;
  /** Its part of the round's training examples. */
  readonly exampleShare: number;
  /** The part that it gets. */
  readonly share: number;
  readonly deltaNorm: number;
  readonly clippedNorm: number;
  /** Coefficient of its delta in the sum: `share`, times `clippedNorm / deltaNorm` where that is less. */
  readonly weight: number;
}

/** The measurements that a strategy named in `needs`, in the order of the updates. */
export interface Measurements {
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
  /** One an update, in the order given. Errors  those of `requireAggregable`. */
  weigh(updates: readonly AcceptedUpdate[], bounds: WeightBounds, measured: Measurements): readonly Weighing[];
  /** New values of the chunk, and of its state. Inputs other than `into` are not changed. */
  step(chunk: ChunkStep): { readonly global: Float32Array; readonly state: readonly Float32Array[] };
}
