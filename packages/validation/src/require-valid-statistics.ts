import { judgedExamples } from './metrics.js';
import { refuse } from './refuse.js';
import type { ClassificationStatistics, ClassStatistics, SegmentationStatistics, Statistics } from './statistics.js';

/** What the statistics of one plan look like. */
export type StatisticsShape =
  | { readonly kind: 'segmentation'; readonly structures: number; readonly pixelsPerFilm: number }
  | { readonly kind: 'classification'; readonly classes: number; readonly bins: number };

/** The parts of a resolved plan that decide the shape; a `Plan` of packages/plan fits as it is. */
export interface JudgedTask {
  readonly task:
    | { readonly kind: 'segmentation'; readonly structures: readonly string[] }
    | { readonly kind: 'classification'; readonly classes: readonly string[] };
  readonly preprocessing: { readonly height: number; readonly width: number };
  readonly validation: { readonly scoreBins: number };
}

export function statisticsShape({ task, preprocessing, validation }: JudgedTask): StatisticsShape {
  return task.kind === 'segmentation'
    ? {
        kind: task.kind,
        structures: task.structures.length,
        pixelsPerFilm: preprocessing.height * preprocessing.width,
      }
    : { kind: task.kind, classes: task.classes.length, bins: validation.scoreBins };
}

/**
 * Reads statistics that another process sent, or that were stored: every number is a count, and the counts agree with one another.
 * A site may still lie about its data, but not in a way that no data could give.
 *
 * Units    `mostExamples`: examples that the site has for the split, where it has told.
 * Numbers  no sum of them leaves the safe integers.
 * Errors   EVALUATION_INVALID.
 */
export function requireValidStatistics(value: unknown, shape: StatisticsShape, mostExamples?: number): Statistics {
  const record = requireRecord(value);
  if (record.kind !== shape.kind) refuse('statistics of another kind');
  const statistics =
    shape.kind === 'segmentation' ? readSegmentation(record, shape) : readClassification(record, shape);
  if (mostExamples !== undefined && judgedExamples(statistics) > mostExamples)
    refuse('more examples than the site has told of');
  return statistics;
}

function readSegmentation(
  record: Readonly<Record<string, unknown>>,
  shape: StatisticsShape & { kind: 'segmentation' },
): SegmentationStatistics {
  const films = requireCount(record.films, 'films');
  const pixels = requireCount(films * shape.pixelsPerFilm, 'films times pixels');
  const structures = requireList(record.structures, shape.structures, 'structures').map((entry) => {
    const s = requireRecord(entry);
    const structure = {
      emptyFilms: requireCount(s.emptyFilms, 'emptyFilms'),
      diceSumMicro: requireCount(s.diceSumMicro, 'diceSumMicro'),
      iouSumMicro: requireCount(s.iouSumMicro, 'iouSumMicro'),
      truePositivePixels: requireCount(s.truePositivePixels, 'truePositivePixels'),
      falsePositivePixels: requireCount(s.falsePositivePixels, 'falsePositivePixels'),
      falseNegativePixels: requireCount(s.falseNegativePixels, 'falseNegativePixels'),
      trueNegativePixels: requireCount(s.trueNegativePixels, 'trueNegativePixels'),
    };
    const judged = films - structure.emptyFilms;
    const marked = structure.truePositivePixels + structure.falsePositivePixels + structure.falseNegativePixels;
    if (judged < 0) refuse('more empty films than films');
    if (marked + structure.trueNegativePixels !== pixels) refuse('not all pixels are counted');
    if (marked < judged || marked > judged * shape.pixelsPerFilm) refuse('marked pixels and empty films disagree');
    if (structure.diceSumMicro > judged * 1_000_000) refuse('a Dice above 1');
    // IoU <= Dice <= 2 IoU for every film; rounding moves each of them by half a millionth at most.
    if (structure.iouSumMicro > structure.diceSumMicro || structure.diceSumMicro > 2 * structure.iouSumMicro + judged)
      refuse('Dice and IoU disagree');
    if (structure.truePositivePixels === 0 && structure.diceSumMicro > 0) refuse('a Dice without a common pixel');
    return structure;
  });
  return { kind: 'segmentation', films, structures };
}

function readClassification(
  record: Readonly<Record<string, unknown>>,
  shape: StatisticsShape & { kind: 'classification' },
): ClassificationStatistics {
  const examples = requireCount(record.examples, 'examples');
  const confusion = requireCounts(record.confusion, shape.classes ** 2, 'confusion');
  const classes = requireList(record.classes, shape.classes, 'classes').map((entry, c): ClassStatistics => {
    const histogram = requireRecord(entry);
    const positives = requireCounts(histogram.positives, shape.bins, 'positives');
    const negatives = requireCounts(histogram.negatives, shape.bins, 'negatives');
    const ofClass = total(positives);
    if (ofClass + total(negatives) !== examples) refuse('a histogram that does not hold all examples');
    if (total(confusion.slice(c * shape.classes, (c + 1) * shape.classes)) !== ofClass)
      refuse('the confusion counts and a histogram disagree');
    return { positives, negatives };
  });
  if (total(confusion) !== examples) refuse('confusion counts that do not hold all examples');
  return { kind: 'classification', examples, classes, confusion };
}

function requireRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('no statistics');
  return value as Record<string, unknown>;
}

function requireList(value: unknown, length: number, name: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) refuse(`${name} is not a list of ${length}`);
  return value;
}

function requireCounts(value: unknown, length: number, name: string): number[] {
  return requireList(value, length, name).map((count) => requireCount(count, name));
}

function requireCount(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(`${name} is not a count`);
  return value as number;
}

function total(counts: readonly number[]): number {
  return requireCount(
    counts.reduce((a, b) => a + b, 0),
    'a sum',
  );
}
