import type { DicomFrame } from '../pixels/read-image.js';
import { trueValues } from '../pixels/stored-values.js';
import type { LookupTable } from './tables.js';

/** A frame whose `stored` holds the numbers that its values stand for. */
export function plainFrame(frame: DicomFrame): DicomFrame {
  const { valid, isSigned, padding } = frame;
  return { ...frame, stored: trueValues(frame, padding), isSigned: valid?.isSigned ?? isSigned, valid: undefined };
}

/**
 * Modality values of a plain grey frame: stored values through slope and intercept, or through the file's table.
 *
 * Numbers  `isMirrored` turns light and dark round first, inside the range that the stored bits (or the table's) allow;
 *          float64 arithmetic, rounded to float32 once.
 * Source   DICOM PS3.3 C.11.1.
 */
export function modalityValues(frame: DicomFrame, isMirrored: boolean): Float32Array {
  return frame.modalityTable ? throughTable(frame, frame.modalityTable, isMirrored) : linear(frame, isMirrored);
}

function linear(frame: DicomFrame, isMirrored: boolean): Float32Array {
  const { slope, intercept } = lineOf(frame, isMirrored);
  const { stored } = frame;
  const values = new Float32Array(stored.length);
  if (slope === 1 && intercept === 0) values.set(stored);
  else for (let i = 0; i < values.length; i++) values[i] = stored[i]! * slope + intercept;
  return values;
}

/** Modality value = stored x slope + intercept, with light and dark turned round where asked for. */
export function lineOf(frame: DicomFrame, isMirrored: boolean): { readonly slope: number; readonly intercept: number } {
  const { rescaleSlope, rescaleIntercept } = frame;
  if (!isMirrored) return { slope: rescaleSlope, intercept: rescaleIntercept };
  return { slope: -rescaleSlope, intercept: rangeSum(frame) * rescaleSlope + rescaleIntercept };
}

/** What a stored value and its mirror image add up to. Floating point has no range: its mirror is at zero. */
function rangeSum({ isSigned, bitsStored, stored }: DicomFrame): number {
  if (stored instanceof Float32Array || stored instanceof Float64Array) return 0;
  return isSigned ? -1 : 2 ** bitsStored - 1;
}

function throughTable(frame: DicomFrame, table: LookupTable, isMirrored: boolean): Float32Array {
  const highest = 2 ** table.bits - 1;
  const { stored } = frame;
  const values = new Float32Array(stored.length);
  for (let i = 0; i < values.length; i++) {
    const value = lookedUp(table, stored[i]!);
    values[i] = isMirrored ? highest - value : value;
  }
  return values;
}

/** The entry of a value; beyond the ends of the table its first or its last one. */
export function lookedUp({ first, entries }: LookupTable, value: number): number {
  const index = Math.min(Math.max(Math.trunc(value) - first, 0), entries.length - 1);
  return entries[index]!;
}
