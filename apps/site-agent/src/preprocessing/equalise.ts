import { rangeOf } from './foreground.js';

/** Bars of a histogram of values from 0 to 1. */
export const BARS = 256;

/** Adds the values of a part of a picture, each from 0 to 1, to `counts`. */
export function countValues(grey: Float32Array, from: number, to: number, counts: Float64Array): void {
  for (let i = from; i < to; i++) counts[Math.min(Math.floor(grey[i]! * BARS), BARS - 1)]!++;
}

/** The share of all counts below each edge between two bars: [bars + 1] from 0 to 1. */
export function cumulativeShares(counts: Float64Array, total: number, into: Float64Array): void {
  let below = 0;
  into[0] = 0;
  for (let bar = 0; bar < BARS; bar++) {
    below += counts[bar]!;
    into[bar + 1] = below / total;
  }
}

/**
 * Spreads contrast so that every range of grey values holds as many pixels as any other of its width.
 *
 * Shapes   [rows, columns] in and out; values from 0 to 1.
 * Numbers  a value becomes the share of pixels below it: cumulative histogram of 256 bars, linear within a bar, so that no two values
 *          become one. 0 stays 0 and 1 stays 1. A picture of one value stays as it is.
 * Source   Gonzalez and Woods, Digital Image Processing, section 3.3.1.
 */
export function equalise(grey: Float32Array): Float32Array {
  const { low, high } = rangeOf(grey);
  if (!(high > low)) return grey.slice();
  const counts = new Float64Array(BARS);
  countValues(grey, 0, grey.length, counts);
  const shares = new Float64Array(BARS + 1);
  cumulativeShares(counts, grey.length, shares);
  const spread = new Float32Array(grey.length);
  for (let i = 0; i < grey.length; i++) {
    const position = grey[i]! * BARS;
    const bar = Math.min(Math.floor(position), BARS - 1);
    spread[i] = shares[bar]! + (position - bar) * (shares[bar + 1]! - shares[bar]!);
  }
  return spread;
}
