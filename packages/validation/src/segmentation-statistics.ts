import { refuse } from './refuse.js';
import type { SegmentationStatistics, StructureStatistics } from './statistics.js';

/** One film, one structure: values of the pixels in the same order. */
export interface StructurePixels {
  /** Probabilities, or 0 and 1. */
  readonly predicted: ArrayLike<number>;
  /** 0 and 1. */
  readonly mask: ArrayLike<number>;
}

export interface SegmentationCounter {
  /** One entry per structure, in the order of the plan. Errors  EVALUATION_INVALID. */
  addFilm(structures: readonly StructurePixels[]): void;
  result(): SegmentationStatistics;
}

/** Dice and IoU of a film are summed in millionths. */
const MICRO = 1_000_000;

/**
 * Counts films into statistics that add up over sites.
 *
 * Numbers  a pixel is on when its value is above 0.5. Dice = 2 TP / (2 TP + FP + FN), IoU = TP / (TP + FP + FN), each of
 *          one film, rounded to 1e-6; a film on which neither side has a pixel is counted apart.
 * Errors   EVALUATION_INVALID: another number of structures or pixels, or a value that is not a number.
 */
export function segmentationStatistics(structures: number): SegmentationCounter {
  const sums = Array.from({ length: structures }, emptySums);
  let films = 0;
  return {
    addFilm(film) {
      if (film.length !== structures) refuse(`${film.length} structures instead of ${structures}`);
      const counts = film.map(countPixels);
      for (const [s, sum] of sums.entries()) addFilmCounts(sum, counts[s] as PixelCounts);
      films++;
    },
    result: () => ({ kind: 'segmentation', films, structures: sums.map((sum) => ({ ...sum })) }),
  };
}

type Sums = { -readonly [K in keyof StructureStatistics]: StructureStatistics[K] };

interface PixelCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

function emptySums(): Sums {
  return {
    emptyFilms: 0,
    diceSumMicro: 0,
    iouSumMicro: 0,
    truePositivePixels: 0,
    falsePositivePixels: 0,
    falseNegativePixels: 0,
    trueNegativePixels: 0,
  };
}

function countPixels({ predicted, mask }: StructurePixels): PixelCounts {
  if (predicted.length !== mask.length) refuse(`${predicted.length} pixels for a mask of ${mask.length}`);
  let truePositive = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  for (let i = 0; i < mask.length; i++) {
    const p = predicted[i] as number;
    if (Number.isNaN(p)) refuse('a prediction that is not a number');
    const isPredicted = p > 0.5;
    const isTrue = (mask[i] as number) > 0.5;
    if (isPredicted && isTrue) truePositive++;
    else if (isPredicted) falsePositive++;
    else if (isTrue) falseNegative++;
  }
  const trueNegative = mask.length - truePositive - falsePositive - falseNegative;
  return { truePositive, falsePositive, falseNegative, trueNegative };
}

function addFilmCounts(sum: Sums, film: PixelCounts): void {
  const union = film.truePositive + film.falsePositive + film.falseNegative;
  if (union === 0) sum.emptyFilms++;
  else {
    sum.diceSumMicro += Math.round((2 * film.truePositive * MICRO) / (film.truePositive + union));
    sum.iouSumMicro += Math.round((film.truePositive * MICRO) / union);
  }
  sum.truePositivePixels += film.truePositive;
  sum.falsePositivePixels += film.falsePositive;
  sum.falseNegativePixels += film.falseNegative;
  sum.trueNegativePixels += film.trueNegative;
}
