import { refuse } from './refuse.js';
import { logOdds, scoreBin } from './score-bins.js';
import type { ScoreEdges } from './score-edges.js';
import type { ClassificationStatistics } from './statistics.js';

export interface ClassificationCounter {
  /** Logits of the classes, and the index of the true class. Errors  EVALUATION_INVALID. */
  addExample(logits: ArrayLike<number>, label: number): void;
  result(): ClassificationStatistics;
}

/**
 * Counts examples into statistics that add up over sites.
 *
 * Shapes   `logits` [classes]; histograms [classes][one more than edges]; confusion [true class][predicted class].
 * Numbers  a histogram is of the class's log-odds, in float64 from the logits. The predicted class is the one of the highest logit,
 *          the first of equal ones.
 * Errors   EVALUATION_INVALID: another number of logits, one that is not finite, a label that is no class.
 */
export function classificationStatistics(edges: ScoreEdges): ClassificationCounter {
  const classes = edges.length;
  const histograms = edges.map(({ length }) => ({
    positives: new Array<number>(length + 1).fill(0),
    negatives: new Array<number>(length + 1).fill(0),
  }));
  const confusion = new Array<number>(classes * classes).fill(0);
  let examples = 0;
  return {
    addExample(logits, label) {
      if (logits.length !== classes) refuse(`${logits.length} scores for ${classes} classes`);
      if (!Number.isInteger(label) || label < 0 || label >= classes) refuse('a label that is no class');
      const binOfClass = logOdds(logits).map((score, c) => scoreBin(score, edges[c]!));
      for (const [c, histogram] of histograms.entries())
        increase(c === label ? histogram.positives : histogram.negatives, binOfClass[c] as number);
      increase(confusion, label * classes + indexOfHighest(logits));
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

function indexOfHighest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < scores.length; c++) if ((scores[c] as number) > (scores[best] as number)) best = c;
  return best;
}

function increase(counts: number[], index: number): void {
  counts[index] = (counts[index] as number) + 1;
}
