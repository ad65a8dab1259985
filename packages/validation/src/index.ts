export { addStatistics } from './add-statistics.js';
export { type ClassificationCounter, classificationStatistics } from './classification-statistics.js';
export {
  judgedExamples,
  type MetricBounds,
  type Metrics,
  metricBounds,
  metricsOf,
  type PrimaryMetric,
  primaryMetric,
} from './metrics.js';
export {
  type JudgedTask,
  requireValidStatistics,
  type StatisticsShape,
  statisticsShape,
} from './require-valid-statistics.js';
export { type SegmentationCounter, type StructurePixels, segmentationStatistics } from './segmentation-statistics.js';
export type * from './statistics.js';
