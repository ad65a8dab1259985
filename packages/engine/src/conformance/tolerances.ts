export interface Tolerance {
  /** Differences up to and with this one pass. */
  readonly limit: number;
  readonly reason: string;
}

/** How far a back end may be from `cpu`. A difference is the largest one over the largest value, if the reason names no other. */
export const TOLERANCES = {
  operation: {
    limit: 5e-5,
    reason:
      'Winograd F(4x4,3x3) in float32 errs by up to 1.2e-5 against float64, the float32 sums of cpu itself by about 1e-6; ' +
      'a wrong tap, edge or sign gives more than 1e-2.',
  },
  largeSum: {
    limit: 1e-6,
    reason:
      'Sums in float64, or pairwise in float32 with at most 25 roundings of 6e-8; one after the other in float32 gives 0.16 ' +
      'for the ones and 0.05 for the mean of the tenths.',
  },
  lossOfTenSteps: {
    limit: 2e-4,
    reason:
      'The losses of ten steps, over the largest: each step starts where the one before has led, and a difference of 1e-5 in ' +
      'a gradient doubles with nearly every step; 1e-5 was seen.',
  },
  weightsOfTenSteps: {
    limit: 1e-2,
    reason:
      'The L2 norm of the difference over that of the way walked. Adam divides each gradient by its own size, so weights ' +
      'whose gradient is all but zero walk by rounding alone; 1e-3 was seen, and a step in another direction gives 1.',
  },
} as const satisfies Record<string, Tolerance>;
