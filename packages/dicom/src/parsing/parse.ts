import { inflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import type { DataSet, Element } from 'dicom-parser';
import { isExplicitAt, readMeta, startOf } from './file-start.js';
import { scanElements } from './scan-elements.js';
import { TRANSFER_SYNTAX } from './transfer-syntaxes.js';

/** What a hostile file may cost us at most; every real object is far below, but for whole films of high resolution. */
export const DICOM_LIMITS = {
  /** Everything before the pixel data. */
  headerBytes: 16 * 2 ** 20,
  /** Elements of the data set, without those of its sequences. */
  elements: 2 ** 16,
  /** Sequences in sequences. */
  depth: 64,
  /** A deflated data set is not inflated beyond this. */
  inflatedBytes: 256 * 2 ** 20,
  /** Samples of one frame. */
  pixels: 2 ** 26,
  /** Samples of all frames together. */
  pixelsOfAllFrames: 2 ** 28,
  frames: 2 ** 16,
} as const;

/** Elements, and the bytes that they point into. */
export interface ElementSource {
  readonly dataSet: DataSet;
  readonly bytes: Uint8Array;
}

/** The elements of the data set up to the pixel data; `bytes` is the file, or the inflated data set. */
export interface ParsedDicom extends ElementSource {
  readonly transferSyntaxUid: string;
}

/**
 * Reads the elements up to the pixel data. A file without the 128 bytes and `DICM` in front is read too where its first
 * element shows how it is written. Some writers put an implicit data set under an explicit transfer syntax, or the other
 * way round: there too the first element shows how it really is.
 *
 * Errors   DICOM_NOT_DICOM, DICOM_TRUNCATED, DICOM_INVALID, DICOM_TOO_LARGE (a deflated data set that grows).
 */
export function parseDicom(bytes: Uint8Array): ParsedDicom {
  const start = startOf(bytes);
  if (start === undefined) throw new ConsiliumError('DICOM_NOT_DICOM', { bytes: bytes.length });
  const { transferSyntaxUid, end } = start.kind === 'data-set' ? { ...start, end: 0 } : readMeta(bytes, start.offset);
  const isDeflated = transferSyntaxUid === TRANSFER_SYNTAX.deflated;
  const body = isDeflated ? inflated(bytes.subarray(end)) : bytes;
  const from = isDeflated ? 0 : end;
  const isBigEndian = transferSyntaxUid === TRANSFER_SYNTAX.explicitBigEndian;
  const isImplicit = !isBigEndian && from + 8 <= body.length && !isExplicitAt(body, from);
  const dataSet = scanElements(body, from, { isImplicit, isBigEndian }, DICOM_LIMITS);
  return { dataSet, bytes: body, transferSyntaxUid };
}

function inflated(deflated: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(deflated, { maxOutputLength: DICOM_LIMITS.inflatedBytes });
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ConsiliumError('DICOM_TOO_LARGE', { inflatedBytesMore: DICOM_LIMITS.inflatedBytes }, thrown);
    }
    const isCut = code === 'Z_BUF_ERROR';
    throw new ConsiliumError(isCut ? 'DICOM_TRUNCATED' : 'DICOM_INVALID', { deflatedBytes: deflated.length }, thrown);
  }
}

/** The element of the pixels, of whole numbers or of floating point. */
export function pixelDataOf({ dataSet: { elements } }: ParsedDicom): Element | undefined {
  return elements.x7fe00010 ?? elements.x7fe00008 ?? elements.x7fe00009;
}

export function isFloatPixelData({ tag }: Element): boolean {
  return tag === 'x7fe00008' || tag === 'x7fe00009';
}
