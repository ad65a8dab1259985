import type { PixelFormat } from './pixel-format.js';

export type StoredValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Little endian bytes as the values that they are; a view of them where they lie at a whole address. */
export function valuesOf(bytes: Uint8Array, format: PixelFormat): StoredValues {
  const whole = viewOf(bytes, format);
  const { bitsAllocated, bitsStored, highBit, isFloat } = format;
  const isExact = format.hasEmbeddedOverlay || highBit !== bitsStored - 1;
  if (isFloat || !isExact || (bitsStored === bitsAllocated && highBit === bitsAllocated - 1)) return whole;
  const cut = whole.slice() as Int32Array;
  const shiftLeft = 31 - highBit;
  const shiftRight = 32 - bitsStored;
  if (format.isSigned) for (let i = 0; i < cut.length; i++) cut[i] = (cut[i]! << shiftLeft) >> shiftRight;
  else for (let i = 0; i < cut.length; i++) cut[i] = (cut[i]! << shiftLeft) >>> shiftRight;
  return cut;
}

function viewOf(bytes: Uint8Array, { bitsAllocated, isSigned, isFloat }: PixelFormat): StoredValues {
  const size = bitsAllocated / 8;
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  const length = Math.floor(bytes.length / size);
  switch (bitsAllocated) {
    case 64:
      return new Float64Array(buffer, byteOffset, length);
    case 32:
      if (isFloat) return new Float32Array(buffer, byteOffset, length);
      return isSigned ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
    case 16:
      return isSigned ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
    default:
      return isSigned ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
  }
}

/** Plane after plane to pixel after pixel. */
export function interleaved(planes: StoredValues, { rows, columns, samples }: PixelFormat): StoredValues {
  const pixels = rows * columns;
  const out = planes.slice() as Uint8Array;
  for (let sample = 0; sample < samples; sample++)
    for (let i = 0; i < pixels; i++) out[i * samples + sample] = planes[sample * pixels + i]!;
  return out;
}

/** An array of the same kind that holds `frames` times as much. */
export function roomFor(first: StoredValues, frames: number): StoredValues {
  return new (first.constructor as new (length: number) => StoredValues)(first.length * frames);
}

export interface Pixels {
  /** [rows, columns, samples], row-major. */
  readonly stored: StoredValues;
  /** The bit count whose highest bit is the sign, where the values above do not show it; undefined where they do. */
  readonly signBits: number | undefined;
}

/** Signed values of fewer bits than there is room for: writers may leave the upper bits empty (PS3.5 8.1.1). */
export function signBitsOf({ isSigned, isFloat, bitsStored, bitsAllocated }: PixelFormat): number | undefined {
  return isSigned && !isFloat && bitsStored < bitsAllocated ? bitsStored : undefined;
}

/** The numbers that stored values stand for. */
export function signExtended({ stored, signBits }: Pixels): StoredValues {
  if (signBits === undefined) return stored;
  const shift = 32 - signBits;
  const values = new Int32Array(stored.length);
  for (let i = 0; i < values.length; i++) values[i] = (stored[i]! << shift) >> shift;
  return values;
}
