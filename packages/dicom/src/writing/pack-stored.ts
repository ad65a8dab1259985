import { ConsiliumError } from '@consilium/errors';

/**
 * Stored values of one picture as 16-bit little-endian words.
 *
 * Numbers  two's complement of 16 bits for signed values.
 * Errors   DICOM_INVALID (a size, length or value that does not fit).
 */
export function packStored(picture: {
  readonly rows: number;
  readonly columns: number;
  readonly stored: ArrayLike<number>;
  readonly bitsStored: number;
  readonly isSigned: boolean;
}): Uint8Array {
  const { rows, columns, stored, bitsStored, isSigned } = picture;
  const areSizesGood = [rows, columns].every((size) => Number.isInteger(size) && size >= 1 && size <= 0xffff);
  if (!areSizesGood || stored.length !== rows * columns || bitsStored < 1 || bitsStored > 16) {
    throw new ConsiliumError('DICOM_INVALID', { rows, columns, values: stored.length, bitsStored });
  }
  const lowest = isSigned ? -(2 ** (bitsStored - 1)) : 0;
  const highest = lowest + 2 ** bitsStored - 1;
  const bytes = new Uint8Array(stored.length * 2);
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      throw new ConsiliumError('DICOM_INVALID', { index: i, lowest, highest });
    }
    bytes[2 * i] = value & 0xff;
    bytes[2 * i + 1] = (value >> 8) & 0xff;
  }
  return bytes;
}
