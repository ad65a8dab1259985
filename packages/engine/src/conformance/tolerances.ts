export interface Tolerance {
  /** Differences up to and with this one pass. */
  readonly limit: number;
  readonly reason: string;
}

/** How far a back end may be from `cpu`. A difference is the largest one over the largest value, if the reason says no other. */
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
} as const satisfies Record<string, Tolerance>;
