import { ConsiliumError } from '@consilium/errors';
import type { ElementSource, ParsedDicom } from '../parsing/parse.js';
import { firstItem, unsigned16, words } from '../parsing/values.js';
import type { PixelFormat } from '../pixels/pixel-format.js';
import { segmentsToEntries } from './segmented-palette.js';

/** Values from `first` on have an entry each; what lies below takes the first one, what lies above the last. */
export interface LookupTable {
  readonly first: number;
  readonly entries: Uint16Array;
  readonly bits: number;
}

export interface Palette {
  readonly red: LookupTable;
  readonly green: LookupTable;
  readonly blue: LookupTable;
}

/** What a header says about the meaning of its stored values beyond slope and intercept. */
export interface GreyTables {
  /** Stored to modality values, instead of slope and intercept. */
  readonly modalityTable: LookupTable | undefined;
  /** Modality values to those for display, instead of a window. */
  readonly voiTable: LookupTable | undefined;
  readonly palette: Palette | undefined;
  /** Stored values that stand for "outside of the picture"; both ends belong to it. */
  readonly padding: { readonly low: number; readonly high: number } | undefined;
}

/**
 * Errors   DICOM_INVALID (a table that does not have what it says, a palette picture without its palette).
 * Source   DICOM PS3.3 C.11.1, C.11.2, C.7.6.3.1.5, C.7.9 (tables), C.7.5.1.1.2 (padding).
 */
export function readTables(parsed: ParsedDicom, format: PixelFormat): GreyTables {
  const modality = firstItem(parsed, 'x00283000');
  const voi = firstItem(parsed, 'x00283010');
  // Whether the first input of the VOI table is signed follows what enters it: modality values may be negative.
  return {
    modalityTable: readTable(modality, format.isSigned),
    voiTable: readTable(voi, true),
    palette: format.photometric === 'PALETTE COLOR' ? readPalette(parsed) : undefined,
    padding: readPadding(parsed, format),
  };
}

/** None where the item is there and empty, as some writers leave it. */
function readTable(item: ElementSource | undefined, isFirstSigned: boolean): LookupTable | undefined {
  if (item === undefined || !item.dataSet.elements.x00283002?.length) return undefined;
  const { count, first, bits } = readDescriptor(item, 'x00283002', isFirstSigned);
  return { first, bits, entries: entriesOf(item, 'x00283006', count, bits) };
}

function readDescriptor(source: ElementSource, tag: string, isFirstSigned: boolean) {
  const descriptor = words(source, tag, 3);
  const [count, first, bits] = descriptor;
  if (descriptor.length !== 3 || bits! < 1 || bits! > 16) throw new ConsiliumError('DICOM_INVALID', { tag });
  return { count: count === 0 ? 2 ** 16 : count!, first: isFirstSigned ? (first! << 16) >> 16 : first!, bits: bits! };
}

/** Entries of 8 bits come packed in bytes, or one to a word as old writers did: the length tells. */
function entriesOf(source: ElementSource, tag: string, count: number, bits: number): Uint16Array {
  const element = source.dataSet.elements[tag];
  if (element === undefined || element.length < count)
    throw new ConsiliumError('DICOM_INVALID', { tag, entries: count });
  if (bits > 8 || element.length >= 2 * count) {
    const entries = words(source, tag, count);
    if (entries.length < count) throw new ConsiliumError('DICOM_INVALID', { tag, entries: count });
    return entries;
  }
  return Uint16Array.from(source.bytes.subarray(element.dataOffset, element.dataOffset + count));
}

function readPalette(parsed: ParsedDicom): Palette {
  const channel = (number: number): LookupTable => {
    const { count, first, bits } = readDescriptor(parsed, `x0028110${number}`, false);
    const segmented = words(parsed, `x0028122${number}`, 2 ** 16);
    if (segmented.length === 0) return { first, bits, entries: entriesOf(parsed, `x0028120${number}`, count, bits) };
    return { first, bits, entries: segmentsToEntries(segmented, count) };
  };
  return { red: channel(1), green: channel(2), blue: channel(3) };
}

function readPadding(parsed: ParsedDicom, format: PixelFormat): GreyTables['padding'] {
  if (format.isFloat || format.bitsAllocated > 16 || format.samples > 1) return undefined;
  const value = paddingValue(parsed, 'x00280120', format);
  if (value === undefined) return undefined;
  const limit = paddingValue(parsed, 'x00280121', format) ?? value;
  return { low: Math.min(value, limit), high: Math.max(value, limit) };
}

function paddingValue(parsed: ParsedDicom, tag: string, { isSigned }: PixelFormat): number | undefined {
  const element = parsed.dataSet.elements[tag];
  // Some writers put the number there as text; then there is none that could be trusted.
  if (element?.length !== 2 || !['', 'US', 'SS', 'OW', 'UN'].includes(element.vr ?? '')) return undefined;
  const value = unsigned16(parsed, tag)!;
  return isSigned ? (value << 16) >> 16 : value;
}
