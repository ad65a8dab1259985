export { type Batch, readBatch } from './batches.js';
export { evaluateModel } from './evaluate-model.js';
export { type Learner, openLearner } from './learner.js';
export { measureRunningStatistics } from './measure-running-statistics.js';
export {
  boundsOf,
  type MemoryPlan,
  planEvaluationMemory,
  planTrainingMemory,
} from './memory-plan.js';
export { trainLocally } from './train-locally.js';
export type * from './training.js';
export { type TrainingBatch, trainingBatches } from './training-batches.js';
export { openWeights } from './weights.js';
