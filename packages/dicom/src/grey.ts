import { ConsiliumError } from '@consilium/errors';
import type { DicomImage } from './read-image.js';

/**
 * Modality values in which bigger is brighter: MONOCHROME1 is mirrored inside the range that the stored bits allow.
 *
 * Shapes   [rows, columns], row-major.
 * Units    those of the modality (Hounsfield units for CT, none for CR).
 * Numbers  float64 arithmetic, rounded to float32 once.
 * Errors   DICOM_UNSUPPORTED (the file brings a modality table).
 * Source   DICOM PS3.3 C.7.6.3.1.2 (photometric interpretation), C.11.1 (modality LUT).
 */
export function toGrey(image: DicomImage): Float32Array {
  if (image.hasModalityTable) throw new ConsiliumError('DICOM_UNSUPPORTED', { modality: 'table' });
  const lowest = image.isSigned ? -(2 ** (image.bitsStored - 1)) : 0;
  const highest = lowest + 2 ** image.bitsStored - 1;
  const isMirrored = image.photometric === 'MONOCHROME1';
  const grey = new Float32Array(image.stored.length);
  for (let i = 0; i < grey.length; i++) {
    const stored = isMirrored ? lowest + highest - image.stored[i]! : image.stored[i]!;
    grey[i] = stored * image.rescaleSlope + image.rescaleIntercept;
  }
  return grey;
}
