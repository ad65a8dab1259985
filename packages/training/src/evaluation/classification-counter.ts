import { ConsiliumError } from '@consilium/errors';
import type { ClassificationStatistics } from '@consilium/validation';

/** Adds up examples; `statistics` may be read at any time. */
export interface ClassificationCounter {
  /** Errors  CANDIDATE_NOT_FINITE when a logit is not a number: it has no place in a histogram. */
  add(logits: Float32Array, label: number): void;
  statistics(): ClassificationStatistics;
}

/** Histograms of the softmax score of each class on a grid of `bins` points, and the confusion by the largest logit. */
export function classificationCounter(classes: number, bins: number): ClassificationCounter {
  let examples = 0;
  const histogram = (): number[] => new Array<number>(bins).fill(0);
  const histograms = Array.from({ length: classes }, () => ({ positives: histogram(), negatives: histogram() }));
  const confusion = new Array<number>(classes * classes).fill(0);
  return {
    add(logits, label) {
      if (!logits.every(Number.isFinite)) throw new ConsiliumError('CANDIDATE_NOT_FINITE');
      examples += 1;
      const scores = softmax(logits);
      scores.forEach((score, c) => {
        const point = Math.floor(score * (bins - 1) + 0.5);
        const { positives, negatives } = histograms[c]!;
        (c === label ? positives : negatives)[point]!++;
      });
      confusion[label * classes + logits.indexOf(Math.max(...logits))]!++;
    },
    statistics: () => ({ kind: 'classification', examples, classes: histograms, confusion }),
  };
}

/** In float64; the first of equal classes is the predicted one, so ties do not depend on rounding here. */
function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}
