export { addStatistics } from './add-statistics.js';
export { type ClassificationCounter, classificationStatistics } from './classification-statistics.js';
export { figure, isUnresolved, ofSitesText, UNRESOLVED } from './figure.js';
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
export {
  defaultScoreEdges,
  edgesOfEqualMass,
  requireValidScoreEdges,
  type ScoreEdges,
  scoreEdgesText,
} from './score-edges.js';
export { type SegmentationCounter, type StructurePixels, segmentationStatistics } from './segmentation-statistics.js';
export type * from './statistics.js';
