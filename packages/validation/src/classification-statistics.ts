import { refuse } from './refuse.js';
import type { ClassificationStatistics } from './statistics.js';

export interface ClassificationCounter {
  /** Scores of the classes, each 0 to 1, and the index of the true class. Errors  EVALUATION_INVALID. */
  addExample(scores: ArrayLike<number>, label: number): void;
  result(): ClassificationStatistics;
}

/**
 * Counts examples into statistics that add up over sites.
 *
 * Shapes   `scores` [classes]; histograms [classes][bins]; confusion [true class][predicted class].
 * Numbers  the predicted class is the one of the highest score, the first of equal ones.
 * Errors   EVALUATION_INVALID: another number of scores, a score outside 0 to 1, a label that is no class.
 */
export function classificationStatistics(classes: number, bins: number): ClassificationCounter {
  const histograms = Array.from({ length: classes }, () => ({
    positives: new Array<number>(bins).fill(0),
    negatives: new Array<number>(bins).fill(0),
  }));
  const confusion = new Array<number>(classes * classes).fill(0);
  let examples = 0;
  return {
    addExample(scores, label) {
      if (scores.length !== classes) refuse(`${scores.length} scores for ${classes} classes`);
      if (!Number.isInteger(label) || label < 0 || label >= classes) refuse('a label that is no class');
      const binOfClass = Array.from(scores, (score) => scoreBin(score, bins));
      for (const [c, histogram] of histograms.entries())
        increase(c === label ? histogram.positives : histogram.negatives, binOfClass[c] as number);
      increase(confusion, label * classes + indexOfHighest(scores));
      examples++;
    },
    result: () => ({
      kind: 'classification',
      examples,
      classes: histograms.map(({ positives, negatives }) => ({ positives: [...positives], negatives: [...negatives] })),
      confusion: [...confusion],
    }),
  };
}

/** A softmax in float32 may end a few units in the last place above 1. */
const SLACK = 1e-5;

/**
 * The point of the grid 0, 1/(bins-1), ... 1 that a score is rounded to: floor(p * (bins - 1) + 0.5).
 *
 * Errors   EVALUATION_INVALID: not a number, or outside 0 to 1 by more than 1e-5.
 */
export function scoreBin(p: number, bins: number): number {
  if (!(p >= -SLACK && p <= 1 + SLACK)) refuse('a score outside 0 to 1');
  return Math.floor(Math.min(1, Math.max(0, p)) * (bins - 1) + 0.5);
}

function indexOfHighest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < scores.length; c++) if ((scores[c] as number) > (scores[best] as number)) best = c;
  return best;
}

function increase(counts: number[], index: number): void {
  counts[index] = (counts[index] as number) + 1;
}
