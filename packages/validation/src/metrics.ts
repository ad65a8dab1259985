import { auroc, aurocBound } from './auroc.js';
import type { ClassificationStatistics, SegmentationStatistics, Statistics } from './statistics.js';

/** Name of a metric -> its value, 0 to 1; null where it is not defined, such as a sensitivity without a positive. */
export type Metrics = Readonly<Record<string, number | null>>;

/** Name of a metric -> how far the value may be from that of the model's own scores; only those that are computed from bins. */
export type MetricBounds = Readonly<Record<string, number>>;

export type PrimaryMetric = 'dice' | 'auroc';

/** The metric that a model of a task is judged by. */
export function primaryMetric(kind: Statistics['kind']): PrimaryMetric {
  return kind === 'segmentation' ? 'dice' : 'auroc';
}

/** How many films or examples the statistics are of. */
export function judgedExamples(statistics: Statistics): number {
  return statistics.kind === 'segmentation' ? statistics.films : statistics.examples;
}

/**
 * Metrics of one site, or of all when the statistics were added first: never average what this returns.
 *
 * Numbers  segmentation: dice and iou are means over films, then over structures; pixelSensitivity and pixelSpecificity
 *          are of all pixels together. Classification: auroc, sensitivity and specificity are of the finding, the last
 *          class; a class is predicted when its score is the highest. With more than two classes, aurocMacro is the mean of the
 *          AUROC of each class against the others.
 */
export function metricsOf(statistics: Statistics): Metrics {
  return statistics.kind === 'segmentation' ? segmentationMetrics(statistics) : classificationMetrics(statistics);
}

/** The bounds of what `metricsOf` computes from bins. */
export function metricBounds(statistics: Statistics): MetricBounds {
  if (statistics.kind === 'segmentation') return {};
  const bounds = statistics.classes.map(aurocBound);
  const finding = bounds.at(-1) ?? null;
  const macro = bounds.length > 2 ? meanOfDefined(bounds) : null;
  return {
    ...(finding === null ? {} : { auroc: finding }),
    ...(macro === null ? {} : { aurocMacro: macro }),
  };
}

function segmentationMetrics({ films, structures }: SegmentationStatistics): Metrics {
  return {
    dice: meanOfDefined(structures.map((s) => ratio(s.diceSumMicro / 1_000_000, films - s.emptyFilms))),
    iou: meanOfDefined(structures.map((s) => ratio(s.iouSumMicro / 1_000_000, films - s.emptyFilms))),
    pixelSensitivity: meanOfDefined(
      structures.map((s) => ratio(s.truePositivePixels, s.truePositivePixels + s.falseNegativePixels)),
    ),
    pixelSpecificity: meanOfDefined(
      structures.map((s) => ratio(s.trueNegativePixels, s.trueNegativePixels + s.falsePositivePixels)),
    ),
  };
}

function classificationMetrics({ examples, classes, confusion }: ClassificationStatistics): Metrics {
  const k = classes.length;
  const finding = k - 1;
  const cell = (truth: number, predicted: number) => confusion[truth * k + predicted] ?? 0;
  const indices = classes.map((_, c) => c);
  const correct = sumOf(indices.map((c) => cell(c, c)));
  const withFinding = sumOf(indices.map((c) => cell(finding, c)));
  const calledFinding = sumOf(indices.map((c) => cell(c, finding)));
  const missedOrCalled = withFinding + calledFinding - cell(finding, finding);
  const aurocs = classes.map(auroc);
  return {
    auroc: aurocs.at(-1) ?? null,
    ...(k > 2 ? { aurocMacro: meanOfDefined(aurocs) } : {}),
    sensitivity: ratio(cell(finding, finding), withFinding),
    specificity: ratio(examples - missedOrCalled, examples - withFinding),
    accuracy: ratio(correct, examples),
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function meanOfDefined(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return ratio(sumOf(defined), defined.length);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
