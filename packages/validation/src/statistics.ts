/** Integer sufficient statistics: sites send them, the coordinator adds them, metrics are computed from the sums. */
export interface StructureStatistics {
  /** Films on which neither mask nor prediction has a pixel: they count in no Dice. */
  readonly emptyFilms: number;
  /** Sum over the other films of round(Dice * 1e6), and of round(IoU * 1e6). */
  readonly diceSumMicro: number;
  readonly iouSumMicro: number;
  readonly truePositivePixels: number;
  readonly falsePositivePixels: number;
  readonly falseNegativePixels: number;
  readonly trueNegativePixels: number;
}

export interface SegmentationStatistics {
  readonly kind: 'segmentation';
  readonly films: number;
  /** One per structure, in the order of the plan. */
  readonly structures: readonly StructureStatistics[];
}

export interface ClassStatistics {
  /** Counts of the score of this class, one a bin of its log-odds: examples of the class, and of the others. */
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

export interface ClassificationStatistics {
  readonly kind: 'classification';
  readonly examples: number;
  /** One per class, in the order of the plan. */
  readonly classes: readonly ClassStatistics[];
  /** confusion[true * classes + predicted]. */
  readonly confusion: readonly number[];
}

/** Every number is a non-negative safe integer. */
export type Statistics = SegmentationStatistics | ClassificationStatistics;
