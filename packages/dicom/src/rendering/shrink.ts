import type { DicomFrame } from '../pixels/read-image.js';
import { trueValues } from '../pixels/stored-values.js';
import { lineOf } from './modality.js';
import { mayHoldPadding, toGrey } from './to-grey.js';

/** A smaller picture of what a model sees. */
export interface SmallGrey {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major. */
  readonly grey: Float32Array;
}

/**
 * `toGrey` made smaller by a whole factor: the mean of each block of `factor` x `factor` pixels, of what there is of it at
 * the right and lower edge. Plain pictures are added up as they are stored and scaled once a block, which is the same but
 * for rounding and several times as fast.
 *
 * Shapes   [ceil(rows / factor), ceil(columns / factor)].
 * Numbers  sums in float64, rounded to float32 once (twice where `toGrey` is needed first).
 * Errors   those of `toGrey`; RangeError for a factor that is not a whole number from 1.
 */
export function toSmallGrey(frame: DicomFrame, factor: number): SmallGrey {
  if (!Number.isInteger(factor) || factor < 1) throw new RangeError(`factor ${factor}`);
  const { rows, columns } = frame;
  const small = { rows: Math.ceil(rows / factor), columns: Math.ceil(columns / factor) };
  if (!isLinear(frame)) return { ...small, grey: blockMeans(toGrey(frame), rows, columns, factor, 1, 0) };
  const { slope, intercept } = lineOf(frame, frame.photometric === 'MONOCHROME1');
  const isByFour = factor === 4 && rows % 4 === 0 && columns % 4 === 0;
  if (isByFour) return { ...small, grey: meansOfSixteen(frame.stored, columns, slope, intercept) };
  return { ...small, grey: blockMeans(frame.stored, rows, columns, factor, slope, intercept) };
}

/** Whether modality values are a line through the stored ones, and every pixel counts. */
function isLinear(frame: DicomFrame): boolean {
  const { samples, palette, modalityTable, padding, bitsAllocated, stored, rows, columns } = frame;
  if (samples > 1 || palette !== undefined || modalityTable !== undefined) return false;
  if (bitsAllocated > 16 || stored.length !== rows * columns || trueValues(frame, padding) !== stored) return false;
  return padding === undefined || !mayHoldPadding(frame, padding);
}

function blockMeans(
  values: DicomFrame['stored'],
  rows: number,
  columns: number,
  factor: number,
  slope: number,
  intercept: number,
): Float32Array {
  const across = Math.ceil(columns / factor);
  const down = Math.ceil(rows / factor);
  const whole = Math.floor(columns / factor);
  const out = new Float32Array(across * down);
  const sums = new Float64Array(across);
  for (let y = 0; y < down; y++) {
    const top = y * factor;
    const bottom = Math.min(top + factor, rows);
    sums.fill(0);
    for (let row = top; row < bottom; row++) {
      let i = row * columns;
      for (let x = 0; x < whole; x++) {
        let sum = 0;
        for (const end = i + factor; i < end; i++) sum += values[i]!;
        sums[x]! += sum;
      }
      for (const end = (row + 1) * columns; i < end; i++) sums[whole]! += values[i]!;
    }
    for (let x = 0; x < across; x++) {
      const width = Math.min(factor, columns - x * factor);
      out[y * across + x] = (sums[x]! / (width * (bottom - top))) * slope + intercept;
    }
  }
  return out;
}

/** Blocks of four by four of values of at most 16 bits, the usual way from 512 to 128: four rows at once, sums as integers. */
function meansOfSixteen(v: DicomFrame['stored'], columns: number, slope: number, intercept: number): Float32Array {
  const out = new Float32Array(v.length / 16);
  const [perSum, across] = [slope / 16, columns / 4];
  for (let to = 0, a = 0; to < out.length; a += 3 * columns) {
    for (let x = 0; x < across; x++, to++, a += 4) {
      const b = a + columns;
      const c = b + columns;
      const d = c + columns;
      const upper = v[a]! + v[a + 1]! + v[a + 2]! + v[a + 3]! + v[b]! + v[b + 1]! + v[b + 2]! + v[b + 3]!;
      const lower = v[c]! + v[c + 1]! + v[c + 2]! + v[c + 3]! + v[d]! + v[d + 1]! + v[d + 2]! + v[d + 3]!;
      out[to] = ((upper + lower) | 0) * perSum + intercept;
    }
  }
  return out;
}
