import { ConsiliumError } from '@consilium/errors';
import type { Element } from 'dicom-parser';

export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly isBigEndian: boolean;
  /** The unused bits hold an overlay, as scanners did until 2004. */
  readonly hasEmbeddedOverlay: boolean;
}

/**
 * Native pixel data to stored values. All lengths are checked before anything is allocated.
 *
 * Numbers  unused bits are dropped where they hold an overlay or lie below the stored ones. Elsewhere a value that needs
 *          more bits than the file admits to is kept as it is: the file's bit count is then what is wrong, and the
 *          common readers agree on that.
 */
export function unpackPixels(bytes: Uint8Array, element: Element, format: PixelFormat): Int32Array {
  const count = format.rows * format.columns;
  const expectedBytes = count * (format.bitsAllocated / 8);
  if (element.hadUndefinedLength === true || element.length < expectedBytes) {
    throw new ConsiliumError('DICOM_INVALID', { pixelBytes: element.length, expectedBytes });
  }
  const availableBytes = bytes.length - element.dataOffset;
  if (availableBytes < expectedBytes) throw new ConsiliumError('DICOM_TRUNCATED', { availableBytes, expectedBytes });
  // Big endian bytes of 8 bit pixels come in words (OW), the second pixel first; then an odd last byte needs its pair.
  const areSwapped = format.isBigEndian && format.bitsAllocated === 8 && element.vr === 'OW';
  if (areSwapped && availableBytes < expectedBytes + (expectedBytes & 1)) {
    throw new ConsiliumError('DICOM_TRUNCATED', { availableBytes, expectedBytes: expectedBytes + 1 });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + element.dataOffset, availableBytes);
  const stored = new Int32Array(count);
  const isExact = format.hasEmbeddedOverlay || format.highBit !== format.bitsStored - 1;
  const shiftLeft = isExact ? 31 - format.highBit : 32 - format.bitsAllocated;
  const shiftRight = 32 - (isExact ? format.bitsStored : format.bitsAllocated);
  for (let i = 0; i < count; i++) {
    const raw =
      format.bitsAllocated === 8 ? view.getUint8(areSwapped ? i ^ 1 : i) : view.getUint16(2 * i, !format.isBigEndian);
    const aligned = raw << shiftLeft;
    stored[i] = format.isSigned ? aligned >> shiftRight : aligned >>> shiftRight;
  }
  return stored;
}
