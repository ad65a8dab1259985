import { ConsiliumError } from '@consilium/errors';
import type { ParsedDicom } from '../../parsing/parse.js';
import type { Codecs } from '../../pixels/codecs.js';
import { openParsed } from '../../pixels/read-image.js';

export interface SegPixels {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly bitsAllocated: number;
  /** The values of one frame (from 0), [rows, columns]; they may be a view of the file. */
  read(frame: number): ArrayLike<number>;
}

/**
 * Opens the pixels of a segmentation, in every encoding that pictures have; one value a pixel, not negative.
 *
 * Errors   those of `openImage`.
 * Source   DICOM PS3.3 C.8.20.2.
 */
export function openSegPixels(parsed: ParsedDicom, codecs?: Codecs): SegPixels {
  const open = openParsed(parsed, codecs);
  const { rows, columns, frames, bitsAllocated, samples, isSigned, isFloat } = open.format;
  if (samples !== 1 || isSigned || isFloat || bitsAllocated > 16)
    throw new ConsiliumError('DICOM_INVALID', { samples, bitsAllocated });
  return { rows, columns, frames, bitsAllocated, read: (frame) => open.readFrame(frame).stored };
}
