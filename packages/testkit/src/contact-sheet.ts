import { type ContactSheetPicture, drawContactSheet } from '@consilium/dicom';
import { encode } from 'fast-png';

export type { ContactSheetPicture } from '@consilium/dicom';

/** Pictures side by side, row by row, as the bytes of a PNG file. */
export function contactSheet(
  pictures: readonly ContactSheetPicture[],
  options: { readonly across: number },
): Uint8Array {
  return encode({ ...drawContactSheet(pictures, options), channels: 1, depth: 8 });
}
