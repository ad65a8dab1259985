type Values = Float32Array | Float64Array;

/** Largest difference over largest value of `expected`; NaN, which is less than nothing, where lengths differ or a value is not a number. */
export function largestDifference(actual: Values, expected: Values): number {
  if (actual.length !== expected.length) return Number.NaN;
  let difference = 0;
  let size = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return difference / size;
}

/** The largest difference over all outputs of a case; NaN as above. */
export function differenceOfCase(actual: readonly Values[], expected: readonly Values[]): number {
  if (actual.length !== expected.length) return Number.NaN;
  const differences = actual.map((values, i) => largestDifference(values, expected[i]!));
  return differences.some(Number.isNaN) ? Number.NaN : Math.max(0, ...differences);
}

/** L2 norm of the difference over that of `expected`; NaN as above. */
export function relativeL2(actual: Values, expected: Values): number {
  if (actual.length !== expected.length) return Number.NaN;
  let [difference, size] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}
