import { refuse } from './refuse.js';
import type { ClassificationStatistics, SegmentationStatistics, Statistics } from './statistics.js';

/**
 * The statistics of all the sites' examples together: what one site would have counted that had them all.
 *
 * Numbers  exact integer sums, so the order does not matter.
 * Errors   EVALUATION_INVALID: none at all, two kinds or shapes, or a sum beyond 2^53.
 */
export function addStatistics(list: readonly Statistics[]): Statistics {
  const [first, ...others] = list;
  if (first === undefined) refuse('no statistics to add');
  return others.reduce(addTwo, first);
}

function addTwo(a: Statistics, b: Statistics): Statistics {
  if (a.kind === 'segmentation' && b.kind === 'segmentation') return addSegmentation(a, b);
  if (a.kind === 'classification' && b.kind === 'classification') return addClassification(a, b);
  return refuse('statistics of two kinds');
}

function addSegmentation(a: SegmentationStatistics, b: SegmentationStatistics): SegmentationStatistics {
  return {
    kind: 'segmentation',
    films: sum(a.films, b.films),
    structures: zip(a.structures, b.structures, (x, y) => ({
      emptyFilms: sum(x.emptyFilms, y.emptyFilms),
      diceSumMicro: sum(x.diceSumMicro, y.diceSumMicro),
      iouSumMicro: sum(x.iouSumMicro, y.iouSumMicro),
      truePositivePixels: sum(x.truePositivePixels, y.truePositivePixels),
      falsePositivePixels: sum(x.falsePositivePixels, y.falsePositivePixels),
      falseNegativePixels: sum(x.falseNegativePixels, y.falseNegativePixels),
      trueNegativePixels: sum(x.trueNegativePixels, y.trueNegativePixels),
    })),
  };
}

function addClassification(a: ClassificationStatistics, b: ClassificationStatistics): ClassificationStatistics {
  return {
    kind: 'classification',
    examples: sum(a.examples, b.examples),
    classes: zip(a.classes, b.classes, (x, y) => ({
      positives: zip(x.positives, y.positives, sum),
      negatives: zip(x.negatives, y.negatives, sum),
    })),
    confusion: zip(a.confusion, b.confusion, sum),
  };
}

function zip<T>(a: readonly T[], b: readonly T[], add: (x: T, y: T) => T): T[] {
  if (a.length !== b.length) refuse('statistics of two shapes');
  return a.map((x, i) => add(x, b[i] as T));
}

function sum(a: number, b: number): number {
  const total = a + b;
  if (!Number.isSafeInteger(total)) refuse('a sum beyond 2^53, or not of whole numbers');
  return total;
}
