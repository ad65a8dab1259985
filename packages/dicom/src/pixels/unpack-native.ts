import { ConsiliumError } from '@consilium/errors';
import type { Element } from 'dicom-parser';
import type { PixelFormat } from './pixel-format.js';
import { interleaved, type StoredValues, valuesOf } from './stored-values.js';

/** Native pixel data whose length was found to be enough for all frames. */
export interface NativePixels {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly format: PixelFormat;
  readonly isBigEndian: boolean;
  /** Big endian bytes of pixels below 16 bits come in words (OW), the second one first. */
  readonly areWords: boolean;
}

/**
 * Errors   DICOM_INVALID (the element is shorter than the picture), DICOM_TRUNCATED (the file is shorter than the element).
 */
export function openNative(
  bytes: Uint8Array,
  element: Element,
  format: PixelFormat,
  isBigEndian: boolean,
): NativePixels {
  const bits = format.frames * frameBits(format);
  const expectedBytes = Math.ceil(bits / 8);
  if (element.hadUndefinedLength === true || element.length < expectedBytes) {
    throw new ConsiliumError('DICOM_INVALID', { pixelBytes: element.length, expectedBytes });
  }
  const areWords = isBigEndian && format.bitsAllocated <= 8 && element.vr === 'OW';
  const neededBytes = areWords ? expectedBytes + (expectedBytes & 1) : expectedBytes;
  const availableBytes = bytes.length - element.dataOffset;
  if (availableBytes < neededBytes) throw new ConsiliumError('DICOM_TRUNCATED', { availableBytes, neededBytes });
  return { bytes, offset: element.dataOffset, format, isBigEndian, areWords };
}

/**
 * One frame of native pixel data as stored values.
 *
 * Shapes   [rows, columns, samples], row-major.
 * Numbers  unused bits are dropped where they hold an overlay or lie below the stored ones. Elsewhere a value that needs
 *          more bits than the file admits to is kept as it is: the file's bit count is then what is wrong, and the
 *          common readers agree on that. The result may be a view of `bytes`.
 */
export function readNativeFrame(pixels: NativePixels, index: number): StoredValues {
  const { format } = pixels;
  if (format.bitsAllocated === 1) return unpackBits(pixels, index);
  const length = frameBits(format) / 8;
  const start = pixels.offset + index * length;
  const frame = pixels.areWords
    ? swappedPairs(pixels.bytes, pixels.offset, index * length, length)
    : inOrder(pixels.bytes.subarray(start, start + length), pixels);
  if (isSubsampled(format)) return upsampled422(frame, format);
  const values = valuesOf(frame, format);
  return format.isPlanar ? interleaved(values, format) : values;
}

/** Uncompressed YBR_FULL_422 has two luminances and one pair of colours for every two pixels of a row. */
function isSubsampled({ photometric, samples }: PixelFormat): boolean {
  return samples === 3 && (photometric === 'YBR_FULL_422' || photometric === 'YBR_PARTIAL_422');
}

function frameBits(format: PixelFormat): number {
  const { rows, columns, samples, bitsAllocated } = format;
  const perPixel = isSubsampled(format) ? 2 : samples;
  return rows * (isSubsampled(format) ? columns + (columns & 1) : columns) * perPixel * bitsAllocated;
}

function inOrder(frame: Uint8Array, { format, isBigEndian }: NativePixels): Uint8Array {
  if (!isBigEndian || format.bitsAllocated === 8) return frame;
  const copy = Buffer.from(frame);
  if (format.bitsAllocated === 16) return copy.swap16();
  return format.bitsAllocated === 32 ? copy.swap32() : copy.swap64();
}

function swappedPairs(bytes: Uint8Array, offset: number, from: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = bytes[offset + ((from + i) ^ 1)]!;
  return out;
}

/** Single bits, the lowest of a byte first; frames follow one another without filling up a byte. */
function unpackBits({ bytes, offset, format, areWords }: NativePixels, index: number): Uint8Array {
  const count = frameBits(format);
  const swap = areWords ? 1 : 0;
  const out = new Uint8Array(count);
  const first = index * count;
  for (let i = 0; i < count; i++) {
    const bit = first + i;
    out[i] = (bytes[offset + ((bit >>> 3) ^ swap)]! >>> (bit & 7)) & 1;
  }
  return out;
}

function upsampled422(frame: Uint8Array, format: PixelFormat): StoredValues {
  const { rows, columns } = format;
  if (format.bitsAllocated !== 8)
    throw new ConsiliumError('DICOM_UNSUPPORTED', { bitsAllocated: format.bitsAllocated });
  const out = new Uint8Array(rows * columns * 3);
  const stride = 2 * (columns + (columns & 1));
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, to += 3) {
      const pair = row * stride + 4 * (column >>> 1);
      out[to] = frame[pair + (column & 1)]!;
      out[to + 1] = frame[pair + 2]!;
      out[to + 2] = frame[pair + 3]!;
    }
  }
  return out;
}
