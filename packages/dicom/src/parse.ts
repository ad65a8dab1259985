import { inflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';

/** What a hostile file may cost us at most; every real single picture is far below. */
export const DICOM_LIMITS = {
  /** Everything before the pixel data; one element takes at least eight bytes, so this bounds their number too. */
  headerBytes: 16 * 2 ** 20,
  /** A deflated data set is not inflated beyond this. */
  inflatedBytes: 256 * 2 ** 20,
  pixels: 2 ** 26,
} as const;

export const TRANSFER_SYNTAX = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
} as const;

/** The elements before the pixel data, and the bytes they point into: the file's, or the inflated data set. */
export interface ParsedDicom {
  readonly dataSet: DataSet;
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
}

const PIXEL_DATA = 'x7fe00010';

/**
 * Reads the elements up to the pixel data. dicom-parser throws strings, objects and TypeErrors: all become ours here.
 *
 * Errors   DICOM_NOT_DICOM, DICOM_TRUNCATED, DICOM_INVALID.
 */
export function parseDicom(bytes: Uint8Array): ParsedDicom {
  if (!hasPreamble(bytes)) throw new ConsiliumError('DICOM_NOT_DICOM', { bytes: bytes.length });
  let whole = bytes;
  const head = (all: Uint8Array) => all.subarray(0, DICOM_LIMITS.headerBytes);
  const inflater = (_: Uint8Array, position: number) => {
    whole = inflateRawSync(bytes.subarray(position), { maxOutputLength: DICOM_LIMITS.inflatedBytes });
    return head(whole);
  };
  let dataSet: DataSet;
  try {
    // The library's types say that an inflater returns nothing; it must return the inflated data set.
    dataSet = dicomParser.parseDicom(head(bytes), {
      untilTag: PIXEL_DATA,
      inflater: inflater as unknown as () => void,
    });
  } catch (thrown) {
    throw translated(thrown, whole);
  }
  const transferSyntaxUid = uidOf(bytes, dataSet.elements.x00020010);
  checkEnds(dataSet, whole);
  return { dataSet, bytes: whole, transferSyntaxUid };
}

export function pixelDataOf(parsed: ParsedDicom): Element | undefined {
  return parsed.dataSet.elements[PIXEL_DATA];
}

function hasPreamble(bytes: Uint8Array): boolean {
  return bytes.length > 132 && Buffer.from(bytes.buffer, bytes.byteOffset + 128, 4).toString('latin1') === 'DICM';
}

/** The parser steps over an element without looking whether its end is still inside the file. */
function checkEnds(dataSet: DataSet, bytes: Uint8Array): void {
  for (const element of Object.values(dataSet.elements)) {
    if (element.tag.startsWith('x0002')) continue; // the file meta points into the bytes before inflation
    if (element.tag === PIXEL_DATA) continue; // judged against rows and columns, with a better error
    if (element.dataOffset + element.length > bytes.length) {
      throw new ConsiliumError('DICOM_TRUNCATED', { tag: element.tag, bytes: bytes.length });
    }
    if (element.dataOffset + element.length > DICOM_LIMITS.headerBytes) {
      throw new ConsiliumError('DICOM_INVALID', { headerBytesMore: DICOM_LIMITS.headerBytes });
    }
  }
}

function translated(thrown: unknown, bytes: Uint8Array): ConsiliumError {
  const inner = typeof thrown === 'object' && thrown !== null && 'exception' in thrown ? thrown.exception : thrown;
  const text = inner instanceof Error ? inner.message : String(inner);
  if (text.includes('unexpected end of file')) return new ConsiliumError('DICOM_TRUNCATED', {}, inner);
  if (!/past (the )?end|overrun|maxP|missing sequence delim/.test(text)) {
    return new ConsiliumError('DICOM_INVALID', {}, inner);
  }
  const isCutByUs = bytes.length > DICOM_LIMITS.headerBytes;
  return new ConsiliumError(isCutByUs ? 'DICOM_INVALID' : 'DICOM_TRUNCATED', { bytes: bytes.length }, inner);
}

/** The transfer syntax as text that is safe in a log: digits and dots, at most 64. */
function uidOf(bytes: Uint8Array, element: Element | undefined): string {
  if (element === undefined) throw new ConsiliumError('DICOM_INVALID', { missing: 'transfer syntax' });
  const end = element.dataOffset + Math.min(element.length, 64);
  const text = Buffer.from(bytes.subarray(element.dataOffset, end)).toString('latin1');
  return text.replace(/[\0 ]+$/, '').replace(/[^0-9.]/g, '?');
}
