import { ConsiliumError } from '@consilium/errors';
import type { DicomFrame } from '../pixels/read-image.js';
import { luminanceOf } from './colour.js';
import { modalityValues, plainFrame } from './modality.js';
import { type PictureRemark, remarksOnValues } from './picture-remarks.js';

/** A grey picture, and what a person should know of how its values came about. */
export interface RemarkedGrey {
  readonly grey: Float32Array;
  readonly remarks: readonly PictureRemark[];
}

/** `grey` of `greyWithRemarks`. */
export function toGrey(frame: DicomFrame): Float32Array {
  return greyWithRemarks(frame).grey;
}

/**
 * What a model sees of a frame: modality values in which bigger is brighter; of colours, their luminance. MONOCHROME1 is
 * mirrored inside the range that the stored bits allow. Padding that is darker or brighter than all the rest takes the lowest
 * value of the rest, so that it is as dark as the darkest tissue; padding that cannot be told from tissue stays.
 *
 * Shapes   [rows, columns], row-major; one frame.
 * Units    those of the modality (Hounsfield units for CT, none for CR); of colours 0..255, or 0..65535 for 16 bits.
 * Numbers  float64 arithmetic, rounded to float32 once.
 * Errors   DICOM_INVALID (more than one frame, values that are not finite).
 * Source   DICOM PS3.3 C.7.6.3.1.2 (photometric interpretation), C.11.1 (modality LUT), C.7.5.1.1.2 (padding), PS3.5 8.1.1.
 */
export function greyWithRemarks(frame: DicomFrame): RemarkedGrey {
  const { rows, columns, samples, stored } = frame;
  if (stored.length !== rows * columns * samples) throw new ConsiliumError('DICOM_INVALID', { values: stored.length });
  const plain = plainFrame(frame);
  const remarks = [...remarksOnValues(frame, plain)];
  if (samples > 1 || frame.palette !== undefined) return { grey: luminanceOf(plain), remarks };
  const isMirrored = frame.photometric === 'MONOCHROME1';
  const grey = modalityValues(plain, isMirrored);
  const isFloat = stored instanceof Float32Array || stored instanceof Float64Array;
  if ((isFloat || !isTame(frame)) && !grey.every(Number.isFinite)) {
    throw new ConsiliumError('DICOM_INVALID', { pixels: 'not finite' });
  }
  if (plain.padding !== undefined && mayHoldPadding(plain, plain.padding)) {
    const ends = { ...plain, stored: Int32Array.of(plain.padding.low, plain.padding.high) };
    const found = darkenPadding(grey, modalityValues(ends, isMirrored));
    if (found !== undefined) remarks.push(found);
  }
  return { grey, remarks };
}

/** Whole numbers of at most 32 bits stay finite in float32 with such a slope. */
function isTame({ rescaleSlope, rescaleIntercept }: DicomFrame): boolean {
  return Math.abs(rescaleSlope) < 1e28 && Math.abs(rescaleIntercept) < 1e37;
}

/** Most files that name a padding value have none of it: the search is far cheaper than the comparisons. */
export function mayHoldPadding({ stored }: DicomFrame, { low, high }: { low: number; high: number }): boolean {
  return low !== high || stored.includes(low);
}

/** Compares grey values: padding stands for numbers that are scaled exactly as the pixels were. Says what there was of it. */
function darkenPadding(grey: Float32Array, ends: Float32Array): PictureRemark | undefined {
  const low = Math.min(ends[0]!, ends[1]!);
  const high = Math.max(ends[0]!, ends[1]!);
  let darkest = Number.POSITIVE_INFINITY;
  let brightest = Number.NEGATIVE_INFINITY;
  let padded = 0;
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i]!;
    if (value >= low && value <= high) {
      padded += 1;
      continue;
    }
    if (value < darkest) darkest = value;
    if (value > brightest) brightest = value;
  }
  if (padded === 0 || padded === grey.length) return undefined;
  if (high >= darkest && low <= brightest) return 'padding-among-values';
  for (let i = 0; i < grey.length; i++) if (grey[i]! >= low && grey[i]! <= high) grey[i] = darkest;
  return 'padding';
}
