import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import { bytesOf } from './header.js';
import type { ElementSource } from './parse.js';

/** The first value of a US element; undefined where it is missing or empty. */
export function unsigned16({ dataSet }: ElementSource, tag: string): number | undefined {
  const element = dataSet.elements[tag];
  if (element === undefined || element.length === 0) return undefined;
  if (element.length !== 2) throw new ConsiliumError('DICOM_INVALID', { tag, bytes: element.length });
  return dataSet.uint16(tag);
}

/** Far above any list of numbers but those of contours, which are read elsewhere. */
const DECIMALS_LIMIT_BYTES = 2 ** 20;

/** The numbers of a DS element; an empty value is no number, not zero. */
export function decimals(source: ElementSource, tag: string): number[] {
  const element = source.dataSet.elements[tag];
  if (element === undefined) return [];
  if (element.length > DECIMALS_LIMIT_BYTES) throw new ConsiliumError('DICOM_INVALID', { tag, bytes: element.length });
  const text = Buffer.from(bytesOf(source, element, DECIMALS_LIMIT_BYTES))
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
  if (text.trim() === '') return [];
  return text.split('\\').map((part) => {
    const value = part.trim() === '' ? Number.NaN : Number(part);
    if (!Number.isFinite(value)) throw new ConsiliumError('DICOM_INVALID', { tag });
    return value;
  });
}

/** The items of a sequence; none where it is missing. */
export function itemsOf(source: ElementSource, tag: string): readonly ElementSource[] {
  const items = source.dataSet.elements[tag]?.items ?? [];
  return items.flatMap(({ dataSet }: { dataSet?: DataSet }) => (dataSet ? [{ dataSet, bytes: source.bytes }] : []));
}

export function firstItem(source: ElementSource, tag: string): ElementSource | undefined {
  return itemsOf(source, tag)[0];
}

/** The 16 bit words of an element, unsigned, in the byte order of the data set; at most `limit` of them. */
export function words(source: ElementSource, tag: string, limit: number): Uint16Array {
  const element = source.dataSet.elements[tag];
  if (element === undefined) return new Uint16Array(0);
  const count = Math.min(element.length >>> 1, limit);
  if (element.dataOffset + 2 * count > source.bytes.length) throw new ConsiliumError('DICOM_TRUNCATED', { tag });
  return Uint16Array.from({ length: count }, (_, i) => source.dataSet.uint16(tag, i)!);
}
