import type { SegmentationStatistics } from '@consilium/validation';

const MICRO = 1e6;

/** Adds up films; `statistics` may be read at any time. */
export interface SegmentationCounter {
  /** `logits` and `mask` are one film's pixels; a pixel is predicted where its score is at least .5. */
  add(logits: Float32Array, mask: ArrayLike<number>): void;
  statistics(): SegmentationStatistics;
}

/** Counts for one structure. Dice and IoU are rounded film by film, so that the sums are integers. */
export function segmentationCounter(): SegmentationCounter {
  let [films, emptyFilms, diceSumMicro, iouSumMicro] = [0, 0, 0, 0];
  let [truePositivePixels, falsePositivePixels, falseNegativePixels, trueNegativePixels] = [0, 0, 0, 0];
  return {
    add(logits, mask) {
      let [both, predicted, drawn] = [0, 0, 0];
      for (let i = 0; i < mask.length; i++) {
        const isPredicted = logits[i]! >= 0;
        const isDrawn = mask[i] !== 0;
        if (isPredicted) predicted += 1;
        if (isDrawn) drawn += 1;
        if (isPredicted && isDrawn) both += 1;
      }
      const either = predicted + drawn - both;
      films += 1;
      if (either === 0) emptyFilms += 1;
      else {
        diceSumMicro += Math.round((2 * both * MICRO) / (predicted + drawn));
        iouSumMicro += Math.round((both * MICRO) / either);
      }
      truePositivePixels += both;
      falsePositivePixels += predicted - both;
      falseNegativePixels += drawn - both;
      trueNegativePixels += mask.length - either;
    },
    statistics: () => ({
      kind: 'segmentation',
      films,
      structures: [
        {
          emptyFilms,
          diceSumMicro,
          iouSumMicro,
          truePositivePixels,
          falsePositivePixels,
          falseNegativePixels,
          trueNegativePixels,
        },
      ],
    }),
  };
}
