import { ConsiliumError } from '@consilium/errors';
import type { AttributeName, Vr } from './attributes.js';

export type Endianness = 'little' | 'big';
/** A value without items. */
export type PlainValue = string | number | readonly string[] | readonly number[] | Uint8Array;

/** Most characters of one value (PS3.5 table 6.2-1). */
const LENGTH_LIMITS: Readonly<Partial<Record<Vr, number>>> = {
  AS: 4,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  PN: 64,
  SH: 16,
  ST: 1024,
  TM: 16,
  UI: 64,
};
const NUMBER_BYTES: Readonly<Partial<Record<Vr, 2 | 4 | 8>>> = { US: 2, SS: 2, UL: 4, SL: 4, AT: 4, FL: 4, FD: 8 };
/** Texts in which a backslash is a character like any other. */
const SINGLE_TEXTS: ReadonlySet<Vr> = new Set<Vr>(['ST', 'UT']);

/** The bytes of a value, of even length, as its VR wants them. */
export function valueBytes(name: AttributeName, vr: Vr, value: PlainValue, endianness: Endianness): Uint8Array {
  if (value instanceof Uint8Array) {
    const even = evenBytes(value);
    return vr === 'OW' && endianness === 'big' ? swapped(even) : even;
  }
  const parts = (Array.isArray(value) ? value : value === '' ? [] : [value]) as readonly (string | number)[];
  const size = NUMBER_BYTES[vr];
  if (size !== undefined) return numberBytes(name, vr, parts, size, endianness);
  const texts = parts.map((part) => textOf(name, vr, part));
  const bytes = Buffer.from(texts.join('\\'), 'utf8');
  if (bytes.length % 2 === 0) return bytes;
  return Buffer.concat([bytes, Uint8Array.of(vr === 'UI' ? 0 : 0x20)]);
}

function textOf(name: AttributeName, vr: Vr, part: string | number): string {
  const text = typeof part === 'number' ? numberText(name, vr, part) : part;
  const isTooLong = text.length > (LENGTH_LIMITS[vr] ?? Number.POSITIVE_INFINITY);
  const isUidBad = vr === 'UI' && text !== '' && !/^[0-9]+(\.[0-9]+)*$/.test(text);
  const isSingle = SINGLE_TEXTS.has(vr);
  const isControl = (character: string) => character < ' ' && !(isSingle && /[\t\n\f\r]/.test(character));
  const isSplit = !isSingle && text.includes('\\');
  if (isTooLong || isUidBad || isSplit || [...text].some(isControl)) {
    throw new ConsiliumError('DICOM_INVALID', { attribute: name, characters: text.length });
  }
  return text;
}

function numberText(name: AttributeName, vr: Vr, value: number): string {
  if (vr !== 'DS' && vr !== 'IS') throw new ConsiliumError('DICOM_INVALID', { attribute: name });
  if (!Number.isFinite(value) || (vr === 'IS' && !Number.isInteger(value))) {
    throw new ConsiliumError('DICOM_INVALID', { attribute: name });
  }
  return decimalText(value);
}

/** The value in at most 16 characters, as exactly as they allow. */
export function decimalText(value: number): string {
  const plain = String(value);
  if (plain.length <= 16) return plain;
  for (let digits = 15; digits > 8; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}

function numberBytes(
  name: AttributeName,
  vr: Vr,
  parts: readonly (string | number)[],
  size: 2 | 4 | 8,
  endianness: Endianness,
): Uint8Array {
  const bytes = new Uint8Array(parts.length * size);
  const view = new DataView(bytes.buffer);
  const isLittle = endianness === 'little';
  parts.forEach((part, index) => {
    const offset = index * size;
    if (typeof part !== 'number' || !isInRange(vr, part))
      throw new ConsiliumError('DICOM_INVALID', { attribute: name });
    if (vr === 'FD') view.setFloat64(offset, part, isLittle);
    else if (vr === 'FL') view.setFloat32(offset, part, isLittle);
    else if (size === 2) view.setUint16(offset, part & 0xffff, isLittle);
    else if (vr === 'AT') {
      view.setUint16(offset, part >>> 16, isLittle);
      view.setUint16(offset + 2, part & 0xffff, isLittle);
    } else view.setUint32(offset, part >>> 0, isLittle);
  });
  return bytes;
}

function isInRange(vr: Vr, value: number): boolean {
  if (vr === 'FD' || vr === 'FL') return Number.isFinite(value);
  const bits = 8 * NUMBER_BYTES[vr]!;
  const lowest = vr === 'US' || vr === 'UL' || vr === 'AT' ? 0 : -(2 ** (bits - 1));
  return Number.isInteger(value) && value >= lowest && value < lowest + 2 ** bits;
}

function evenBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
}

function swapped(words: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(words.length);
  for (let i = 0; i < words.length; i++) bytes[i] = words[i ^ 1]!;
  return bytes;
}
