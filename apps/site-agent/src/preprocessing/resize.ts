import { averageBlocks } from './average-blocks.js';

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** For one axis: output i is the sum of `weights[k] * input[first[i] + k - start[i]]` for k from start[i] to start[i + 1]; they add up to 1. */
interface AxisWeights {
  readonly first: Int32Array;
  readonly start: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Resizes a picture: averages over the area that an output pixel covers where it gets smaller, interpolates linearly
 * between pixel centres where it gets larger; each axis by itself.
 *
 * Shapes   [from.height, from.width] -> [to.height, to.width], row-major.
 * Numbers  float32 in, float64 sums, rounded to float32 once; constant pictures stay constant; edges are repeated.
 */
export function resize(picture: ArrayLike<number>, from: Size, to: Size): Float32Array {
  const grey = picture instanceof Float32Array ? picture : new Float32Array(picture);
  if (from.height === to.height && from.width === to.width) return grey.slice();
  return averageBlocks(grey, from, to) ?? resizeByWeights(grey, from, to);
}

/** `resize` between any two sizes. */
export function resizeByWeights(grey: Float32Array, from: Size, to: Size): Float32Array {
  const narrow = resizeAcross(grey, from, axisWeights(from.width, to.width));
  return resizeDown(narrow, to, axisWeights(from.height, to.height));
}

/** A resized mask: 1 where more than half of the output pixel's area was. */
export function resizeMask(mask: Uint8Array, from: Size, to: Size): Uint8Array {
  const shares = resize(mask, from, to);
  const resized = new Uint8Array(shares.length);
  for (let i = 0; i < shares.length; i++) resized[i] = shares[i]! > 0.5 ? 1 : 0;
  return resized;
}

/** Four rows at a time, so that their sums do not wait for each other; at the bottom the last row may be done more than once. */
function resizeAcross(grey: Float32Array, from: Size, { first, start, weights }: AxisWeights): Float64Array {
  const width = first.length;
  const narrow = new Float64Array(from.height * width);
  const last = from.height - 1;
  for (let top = 0; top <= last; top += 4) {
    const [second, third, fourth] = [Math.min(top + 1, last), Math.min(top + 2, last), Math.min(top + 3, last)];
    const [intoB, intoC, intoD] = [second * width, third * width, fourth * width];
    const a = top * from.width;
    const [toB, toC, toD] = [second * from.width - a, third * from.width - a, fourth * from.width - a];
    for (let x = 0; x < width; x++) {
      const end = start[x + 1]!;
      let sumA = 0;
      let sumB = 0;
      let sumC = 0;
      let sumD = 0;
      for (let k = start[x]!, i = a + first[x]!; k < end; k++, i++) {
        const weight = weights[k]!;
        sumA += weight * grey[i]!;
        sumB += weight * grey[i + toB]!;
        sumC += weight * grey[i + toC]!;
        sumD += weight * grey[i + toD]!;
      }
      narrow[top * width + x] = sumA;
      narrow[intoB + x] = sumB;
      narrow[intoC + x] = sumC;
      narrow[intoD + x] = sumD;
    }
  }
  return narrow;
}

/** Whole rows are added up, so that memory is read in its order. */
function resizeDown(narrow: Float64Array, to: Size, { first, start, weights }: AxisWeights): Float32Array {
  const { height, width } = to;
  const out = new Float32Array(height * width);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = start[y]!, i = first[y]! * width; k < start[y + 1]!; k++) {
      const weight = weights[k]!;
      for (let x = 0; x < width; x++) sums[x]! += weight * narrow[i++]!;
    }
    out.set(sums, y * width);
  }
  return out;
}

function axisWeights(from: number, to: number): AxisWeights {
  const weigh = to < from ? areaWeights : linearWeights;
  const first = new Int32Array(to);
  const start = new Int32Array(to + 1);
  const weights: number[] = [];
  for (let i = 0; i < to; i++) {
    first[i] = weigh(i, from, to, weights);
    start[i + 1] = weights.length;
  }
  return { first, start, weights: Float64Array.from(weights) };
}

/** Output i covers the inputs from i * from / to to (i + 1) * from / to; whole numbers, so that nothing is lost at the edges. */
function areaWeights(i: number, from: number, to: number, into: number[]): number {
  const start = i * from;
  const end = start + from;
  const first = Math.floor(start / to);
  const last = Math.ceil(end / to);
  for (let k = first; k < last; k++) into.push((Math.min(end, (k + 1) * to) - Math.max(start, k * to)) / from);
  return first;
}

function linearWeights(i: number, from: number, to: number, into: number[]): number {
  const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
  const first = Math.min(Math.floor(centre), Math.max(from - 2, 0));
  const share = centre - first;
  if (from === 1) into.push(1);
  else into.push(1 - share, share);
  return first;
}
