import type { Plan } from '@consilium/plan';

type Intensity = Plan['preprocessing']['intensity'];

/**
 * Grey values as the model sees them, in a new array.
 *
 * percentile  values between two percentiles of this picture become 0..1, the rest is cut.
 * z-score     mean 0 and (population) standard deviation 1 of this picture.
 * window      modality values from centre - width / 2 to centre + width / 2 become 0..1, the rest is cut.
 * Numbers     a picture of one value becomes 0 everywhere.
 */
export function scaleIntensity(grey: Float32Array, intensity: Intensity): Float32Array {
  switch (intensity.kind) {
    case 'percentile': {
      const sorted = grey.slice().sort();
      return cutTo(grey, percentile(sorted, intensity.low), percentile(sorted, intensity.high));
    }
    case 'z-score':
      return standardise(grey);
    case 'window':
      return cutTo(grey, intensity.centre - intensity.width / 2, intensity.centre + intensity.width / 2);
  }
}

/** Linear between the two nearest ranks, as NumPy's default. */
export function percentile(sorted: Float32Array, percent: number): number {
  const rank = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (rank - below);
}

function cutTo(grey: Float32Array, low: number, high: number): Float32Array {
  if (!(high > low)) return new Float32Array(grey.length);
  return grey.map((value) => Math.min(Math.max((value - low) / (high - low), 0), 1));
}

function standardise(grey: Float32Array): Float32Array {
  let sum = 0;
  for (const value of grey) sum += value;
  const mean = sum / grey.length;
  let squares = 0;
  for (const value of grey) squares += (value - mean) ** 2;
  const stdDev = Math.sqrt(squares / grey.length);
  return stdDev > 0 ? grey.map((value) => (value - mean) / stdDev) : new Float32Array(grey.length);
}
