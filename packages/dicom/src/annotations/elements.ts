import { ConsiliumError } from '@consilium/errors';
import type { DataSet, Element } from 'dicom-parser';
import { decodeText } from '../parsing/character-sets.js';
import type { Code } from '../writing/codes.js';

/** Reads text in the character set of the whole object. */
export type TextReader = (dataSet: DataSet, tag: string) => string;

export function textReader(whole: DataSet): TextReader {
  const characterSet = asciiOf(whole, 'x00080005');
  return (dataSet, tag) => trimmed(decodeText(rawOf(dataSet, tag), characterSet));
}

/** Items of a sequence; none when it is missing or empty. Errors  DICOM_INVALID. */
export function itemsOf(dataSet: DataSet, tag: string): DataSet[] {
  const element = dataSet.elements[tag];
  if (element === undefined) return [];
  if (element.items === undefined && element.length > 0) throw new ConsiliumError('DICOM_INVALID', { tag });
  return (element.items ?? []).map((item) => {
    if (item.dataSet === undefined) throw new ConsiliumError('DICOM_INVALID', { tag });
    return item.dataSet;
  });
}

/** '' if it is missing or empty. */
export function asciiOf(dataSet: DataSet, tag: string): string {
  return trimmed(Buffer.from(rawOf(dataSet, tag)).toString('latin1'));
}

/** Decimal strings (DS). Errors  DICOM_INVALID for what is not a finite number. */
export function decimalsOf(dataSet: DataSet, tag: string): number[] {
  const text = asciiOf(dataSet, tag);
  if (text === '') return [];
  return text.split('\\').map((part) => {
    const value = part.trim() === '' ? Number.NaN : Number(part);
    if (!Number.isFinite(value)) throw new ConsiliumError('DICOM_INVALID', { tag });
    return value;
  });
}

/** Integer strings (IS). Errors  DICOM_INVALID. */
export function integersOf(dataSet: DataSet, tag: string): number[] {
  return decimalsOf(dataSet, tag).map((value) => {
    if (!Number.isSafeInteger(value)) throw new ConsiliumError('DICOM_INVALID', { tag });
    return value;
  });
}

/** The first of the unsigned 16 bit values (US); undefined if there is none. */
export function unsignedOf(dataSet: DataSet, tag: string): number | undefined {
  const bytes = rawOf(dataSet, tag);
  if (bytes.length < 2) return undefined;
  return dataSet.byteArrayParser.readUint16(dataSet.byteArray, dataSet.elements[tag]!.dataOffset);
}

/** The first code of a code sequence (PS3.3 section 8); long and URN codes stand in where there is no short one. */
export function codeOf(dataSet: DataSet, tag: string, text: TextReader): Code | undefined {
  const [item] = itemsOf(dataSet, tag);
  if (item === undefined) return undefined;
  const value = text(item, 'x00080100') || text(item, 'x00080119') || text(item, 'x00080120');
  const meaning = text(item, 'x00080104');
  return value === '' && meaning === '' ? undefined : { value, scheme: text(item, 'x00080102'), meaning };
}

/** Date and time of two elements as `YYYYMMDDHHMMSS`, as far as they say; '' where there is no date. */
export function madeAt(dataSet: DataSet, dateTag: string, timeTag: string): string {
  const date = asciiOf(dataSet, dateTag);
  if (!/^\d{8}$/.test(date)) return '';
  return date + (/^\d{2,6}/.exec(asciiOf(dataSet, timeTag))?.[0] ?? '').padEnd(6, '0');
}

function rawOf(dataSet: DataSet, tag: string): Uint8Array {
  const element: Element | undefined = dataSet.elements[tag];
  if (element === undefined) return new Uint8Array();
  const end = element.dataOffset + element.length;
  if (end > dataSet.byteArray.length) throw new ConsiliumError('DICOM_TRUNCATED', { tag });
  return dataSet.byteArray.subarray(element.dataOffset, end);
}

function trimmed(text: string): string {
  return text.replace(/^ +/, '').replace(/[\0 ]+$/, '');
}
