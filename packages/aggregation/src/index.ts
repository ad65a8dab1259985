export { aggregateChunk } from './aggregate-chunk.js';
export { type AggregationHost, type AggregationOutcome, aggregateModel } from './aggregate-model.js';
export { DeltaNorm } from './delta-norm.js';
export { fedavg } from './fedavg/index.js';
export { local } from './local/index.js';
export { STRATEGIES, strategyNamed } from './registry.js';
export { requireAggregable } from './require-aggregable.js';
export { groupsOf, inSiteOrder, type UpdateGroup } from './site-order.js';
export type {
  AcceptedUpdate,
  AggregationStrategy,
  ChunkStep,
  Measurements,
  Statistic,
  Weighing,
  WeightBounds,
} from './strategy.js';
export { cappedShares, isLimited } from './weighing.js';
