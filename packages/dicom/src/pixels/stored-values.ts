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

/** Which bits of a stored value count, and whether the highest of them is a sign. */
export interface ValidBits {
  readonly bits: number;
  readonly isSigned: boolean;
}

export interface Pixels {
  /** [rows, columns, samples], row-major. */
  readonly stored: StoredValues;
  /** Where the kind of array does not show it; undefined where it does. */
  readonly valid: ValidBits | undefined;
  /** JPEG 2000 only: whose word was taken where header and codestream disagree about the sign. */
  readonly signBy?: 'header' | 'codestream';
}

/** Values of fewer bits than there is room for: writers may leave anything in the others (PS3.5 8.1.1). */
export function validBitsOf({ isSigned, isFloat, bitsStored, bitsAllocated }: PixelFormat): ValidBits | undefined {
  return isFloat || bitsStored === bitsAllocated ? undefined : { bits: bitsStored, isSigned };
}

/**
 * The numbers that stored values stand for: the array itself where it holds them already.
 *
 * Numbers  signs are extended, other bits than the valid ones dropped; but a value of `padding` that needs those other bits
 *          stays, since what it stands for would become a grey of the picture.
 * Source   DICOM PS3.5 8.1.1.
 */
export function trueValues(
  { stored, valid }: Pixels,
  padding: { readonly low: number; readonly high: number } | undefined,
): StoredValues {
  if (valid === undefined || stored instanceof Float32Array || stored instanceof Float64Array) return stored;
  const shift = 32 - valid.bits;
  return valid.isSigned ? signed(stored, shift) : unsigned(stored, valid.bits, padding);
}

function signed(stored: StoredValues, shift: number): StoredValues {
  const first = stored.findIndex((value: number) => (value << shift) >> shift !== value);
  if (first < 0) return stored;
  const values = new Int32Array(stored.length);
  for (let i = 0; i < values.length; i++) values[i] = (stored[i]! << shift) >> shift;
  return values;
}

function unsigned(
  stored: StoredValues,
  bits: number,
  padding: { readonly low: number; readonly high: number } | undefined,
): StoredValues {
  const mask = 2 ** bits - 1;
  const [low, high] = padding !== undefined && padding.high > mask ? [padding.low, padding.high] : [1, 0];
  if (unionOf(stored, low, high) >>> bits === 0) return stored;
  return stored.map((value: number) => (value >= low && value <= high ? value : (value & mask) >>> 0)) as StoredValues;
}

/** All bits that are set in any value outside of `low` to `high`; two values at once where none is to be left out. */
function unionOf(stored: StoredValues, low: number, high: number): number {
  let all = 0;
  if (low <= high || !(stored instanceof Uint16Array)) {
    for (let i = 0; i < stored.length; i++) if (stored[i]! < low || stored[i]! > high) all |= stored[i]!;
    return all;
  }
  const first = (stored.byteOffset >>> 1) & 1;
  const pairs = new Uint32Array(stored.buffer, stored.byteOffset + 2 * first, (stored.length - first) >>> 1);
  for (let i = 0; i < pairs.length; i++) all |= pairs[i]!;
  return (all & 0xffff) | (all >>> 16) | (first === 1 ? stored[0]! : 0) | stored[stored.length - 1]!;
}
