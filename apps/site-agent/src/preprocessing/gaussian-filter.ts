import type { Size } from './resize.js';

/** A weight beyond so many standard deviations is below 0.0004 of the middle one's. */
const TRUNCATE = 4;

/**
 * Smooths a picture with a Gaussian, each axis by itself.
 *
 * Shapes   [height, width] in and out, row-major.
 * Units    sigma in pixels; > 0.
 * Numbers  weights exp(-d^2 / (2 sigma^2)) to a distance of 4 sigma, adding up to 1; float64 sums; edges are repeated.
 * Source   scipy.ndimage.gaussian_filter with mode "nearest".
 */
export function gaussianFilter(grey: Float32Array, size: Size, sigmaPixels: number): Float32Array {
  const weights = gaussianWeights(sigmaPixels);
  return smoothDown(smoothAcross(grey, size, weights), size, weights);
}

/** From distance 0 outwards. */
function gaussianWeights(sigma: number): Float64Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, d) => Math.exp((-d * d) / (2 * sigma * sigma)));
  const total = 2 * weights.reduce((sum, weight) => sum + weight, 0) - 1;
  return weights.map((weight) => weight / total);
}

function smoothAcross(grey: Float32Array, { height, width }: Size, weights: Float64Array): Float64Array {
  const radius = weights.length - 1;
  const smooth = new Float64Array(grey.length);
  const line = new Float64Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    line.fill(grey[row]!, 0, radius);
    line.set(grey.subarray(row, row + width), radius);
    line.fill(grey[row + width - 1]!, radius + width);
    for (let x = 0; x < width; x++) {
      const middle = x + radius;
      let sum = weights[0]! * line[middle]!;
      for (let d = 1; d <= radius; d++) sum += weights[d]! * (line[middle - d]! + line[middle + d]!);
      smooth[row + x] = sum;
    }
  }
  return smooth;
}

function smoothDown(across: Float64Array, { height, width }: Size, weights: Float64Array): Float32Array {
  const smooth = new Float32Array(across.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let d = 0; d < weights.length; d++) {
      const weight = weights[d]! * (d === 0 ? 0.5 : 1);
      const above = Math.max(y - d, 0) * width;
      const below = Math.min(y + d, height - 1) * width;
      for (let x = 0; x < width; x++) sums[x]! += weight * (across[above + x]! + across[below + x]!);
    }
    smooth.set(sums, y * width);
  }
  return smooth;
}
