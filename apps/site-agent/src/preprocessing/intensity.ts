import type { Plan } from '@consilium/plan';
import { foregroundOf, rangeOf } from './foreground.js';
import { percentiles } from './order-statistics.js';

type Intensity = Plan['preprocessing']['intensity'];

/**
 * Grey values as the model sees them, in a new array.
 *
 * percentile  values between two percentiles of this picture become 0..1, the rest is cut.
 * min-max     the least value of this picture becomes 0, the greatest 1.
 * z-score     mean 0 and (population) standard deviation 1 of this picture, or of its foreground.
 * window      modality values from centre - width / 2 to centre + width / 2 become 0..1, the rest is cut.
 * Numbers     a picture of one value becomes 0 everywhere, except through a window; so does one whose foreground has one value.
 */
export function scaleIntensity(grey: Float32Array, intensity: Intensity): Float32Array {
  switch (intensity.kind) {
    case 'percentile': {
      const [low = 0, high = 0] = percentiles(grey, [intensity.low, intensity.high]);
      return cutTo(grey, low, high);
    }
    case 'min-max': {
      const { low, high } = rangeOf(grey);
      return cutTo(grey, low, high);
    }
    case 'z-score':
      return standardise(grey, intensity.over === 'foreground' ? foregroundOf(grey) : undefined);
    case 'window':
      return cutTo(grey, intensity.centre - intensity.width / 2, intensity.centre + intensity.width / 2);
  }
}

function cutTo(grey: Float32Array, low: number, high: number): Float32Array {
  const scaled = new Float32Array(grey.length);
  if (!(high > low)) return scaled;
  const width = high - low;
  for (let i = 0; i < grey.length; i++) {
    const share = (grey[i]! - low) / width;
    scaled[i] = share < 0 ? 0 : share > 1 ? 1 : share;
  }
  return scaled;
}

/** Mean and deviation are those of the marked pixels; all are scaled by them. */
function standardise(grey: Float32Array, marked: Uint8Array | undefined): Float32Array {
  const counted = marked ? grey.filter((_, i) => marked[i] === 1) : grey;
  let sum = 0;
  for (let i = 0; i < counted.length; i++) sum += counted[i]!;
  const mean = sum / counted.length;
  let squares = 0;
  for (let i = 0; i < counted.length; i++) squares += (counted[i]! - mean) ** 2;
  const stdDev = Math.sqrt(squares / counted.length);
  const scaled = new Float32Array(grey.length);
  if (stdDev > 0) for (let i = 0; i < grey.length; i++) scaled[i] = (grey[i]! - mean) / stdDev;
  return scaled;
}
