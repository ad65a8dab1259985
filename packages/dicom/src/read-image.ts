import { ConsiliumError } from '@consilium/errors';
import { type DicomHeader, readHeader, textOf } from './header.js';
import { DICOM_LIMITS, type ParsedDicom, parseDicom, pixelDataOf, TRANSFER_SYNTAX } from './parse.js';
import { type PixelFormat, unpackPixels } from './pixels.js';

export type Photometric = 'MONOCHROME1' | 'MONOCHROME2';

/** One greyscale picture with its header. `stored` holds the values of the file; modality value = stored x slope + intercept. */
export interface DicomImage {
  readonly header: DicomHeader;
  readonly transferSyntaxUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly photometric: Photometric;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly isSigned: boolean;
  /** [rows, columns], row-major. */
  readonly stored: Int32Array;
  readonly rescaleSlope: number;
  readonly rescaleIntercept: number;
  /** The modality values come from a table of the file instead of slope and intercept; `toGrey` refuses it so far. */
  readonly hasModalityTable: boolean;
  /** In modality values; the first one, if the file has several. */
  readonly window: { readonly center: number; readonly width: number } | undefined;
  readonly pixelSpacingMm: { readonly row: number; readonly column: number } | undefined;
}

const UNCOMPRESSED: ReadonlySet<string> = new Set(Object.values(TRANSFER_SYNTAX));

/**
 * Reads an uncompressed single-frame greyscale picture of 8 or 16 bits allocated.
 *
 * Shapes   stored is [rows, columns], row-major.
 * Numbers  signed values are extended, overlays in unused bits dropped; nothing is rescaled here.
 * Errors   DICOM_NOT_DICOM, DICOM_TRUNCATED, DICOM_NO_PIXELS, DICOM_UNSUPPORTED, DICOM_INVALID; never another error.
 * Source   DICOM PS3.5 sections 7 and 8, PS3.3 C.7.6.3.
 */
export function readImage(bytes: Uint8Array): DicomImage {
  try {
    return readParsed(parseDicom(bytes));
  } catch (thrown) {
    if (thrown instanceof ConsiliumError) throw thrown;
    // A RangeError of a stack or an array: only a hostile file gets here.
    throw new ConsiliumError('DICOM_INVALID', {}, thrown);
  }
}

function readParsed(parsed: ParsedDicom): DicomImage {
  const element = pixelDataOf(parsed);
  if (element === undefined) throw withoutPixels(parsed);
  if (!UNCOMPRESSED.has(parsed.transferSyntaxUid)) {
    throw new ConsiliumError('DICOM_UNSUPPORTED', { transferSyntaxUid: parsed.transferSyntaxUid });
  }
  const format = readFormat(parsed);
  return {
    header: readHeader(parsed),
    transferSyntaxUid: parsed.transferSyntaxUid,
    rows: format.rows,
    columns: format.columns,
    photometric: readPhotometric(parsed),
    bitsAllocated: format.bitsAllocated,
    bitsStored: format.bitsStored,
    isSigned: format.isSigned,
    stored: unpackPixels(parsed.bytes, element, format),
    ...readRescale(parsed),
    hasModalityTable: 'x00283000' in parsed.dataSet.elements,
    window: readWindow(parsed),
    pixelSpacingMm: readSpacing(parsed),
  };
}

function withoutPixels(parsed: ParsedDicom): ConsiliumError {
  const { elements } = parsed.dataSet;
  if (elements.x7fe00008 !== undefined || elements.x7fe00009 !== undefined) {
    return new ConsiliumError('DICOM_UNSUPPORTED', { pixels: 'float' });
  }
  if (parsed.bytes.length > DICOM_LIMITS.headerBytes) {
    return new ConsiliumError('DICOM_INVALID', { headerBytesMore: DICOM_LIMITS.headerBytes });
  }
  return new ConsiliumError('DICOM_NO_PIXELS');
}

function readFormat(parsed: ParsedDicom): PixelFormat {
  const samples = unsigned16(parsed, 'x00280002') ?? 1;
  readPhotometric(parsed);
  if (samples !== 1) throw new ConsiliumError('DICOM_UNSUPPORTED', { samplesPerPixel: samples });
  const frames = textOf(parsed, 'x00280008') || '1';
  if (!/^\d{1,9}$/.test(frames)) throw new ConsiliumError('DICOM_INVALID', { field: 'NumberOfFrames' });
  if (Number(frames) !== 1) throw new ConsiliumError('DICOM_UNSUPPORTED', { frames: Number(frames) });
  const rows = unsigned16(parsed, 'x00280010') ?? 0;
  const columns = unsigned16(parsed, 'x00280011') ?? 0;
  if (rows === 0 || columns === 0 || rows * columns > DICOM_LIMITS.pixels) {
    throw new ConsiliumError('DICOM_INVALID', { rows, columns });
  }
  const isBigEndian = parsed.transferSyntaxUid === TRANSFER_SYNTAX.explicitBigEndian;
  return { rows, columns, ...readBits(parsed), isBigEndian, hasEmbeddedOverlay: hasEmbeddedOverlay(parsed) };
}

function readBits(parsed: ParsedDicom): Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'isSigned'> {
  const bitsAllocated = unsigned16(parsed, 'x00280100') ?? 0;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) throw new ConsiliumError('DICOM_UNSUPPORTED', { bitsAllocated });
  const bitsStored = unsigned16(parsed, 'x00280101') ?? bitsAllocated;
  const highBit = unsigned16(parsed, 'x00280102') ?? bitsStored - 1;
  const representation = unsigned16(parsed, 'x00280103') ?? 0;
  if (bitsStored < 1 || highBit < bitsStored - 1 || highBit >= bitsAllocated || representation > 1) {
    throw new ConsiliumError('DICOM_INVALID', { bitsAllocated, bitsStored, highBit, representation });
  }
  return { bitsAllocated, bitsStored, highBit, isSigned: representation === 1 };
}

/** An overlay (group 60xx) with a bit position and no data of its own lies in the pixels' unused bits. */
function hasEmbeddedOverlay(parsed: ParsedDicom): boolean {
  const { elements } = parsed.dataSet;
  return Object.keys(elements).some((tag) => /^x60..0102$/.test(tag) && !(`${tag.slice(0, 5)}3000` in elements));
}

function readPhotometric(parsed: ParsedDicom): Photometric {
  const text = textOf(parsed, 'x00280004');
  if (text === 'MONOCHROME1' || text === 'MONOCHROME2') return text;
  if (text === '') throw new ConsiliumError('DICOM_INVALID', { missing: 'PhotometricInterpretation' });
  throw new ConsiliumError('DICOM_UNSUPPORTED', { photometric: text.replace(/[^A-Z0-9_ ]/g, '?').slice(0, 16) });
}

function readRescale(parsed: ParsedDicom): Pick<DicomImage, 'rescaleSlope' | 'rescaleIntercept'> {
  const rescaleSlope = decimals(parsed, 'x00281053')[0] ?? 1;
  const rescaleIntercept = decimals(parsed, 'x00281052')[0] ?? 0;
  if (rescaleSlope === 0) throw new ConsiliumError('DICOM_INVALID', { rescaleSlope });
  return { rescaleSlope, rescaleIntercept };
}

function readWindow(parsed: ParsedDicom): DicomImage['window'] {
  const center = decimals(parsed, 'x00281050')[0];
  const width = decimals(parsed, 'x00281051')[0];
  return center === undefined || width === undefined || width <= 0 ? undefined : { center, width };
}

/** Pixel Spacing is measured in the patient, Imager Pixel Spacing at the detector: the second one only stands in. */
function readSpacing(parsed: ParsedDicom): DicomImage['pixelSpacingMm'] {
  for (const tag of ['x00280030', 'x00181164']) {
    const [row, column] = decimals(parsed, tag);
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { row, column };
  }
  return undefined;
}

function unsigned16(parsed: ParsedDicom, tag: string): number | undefined {
  const element = parsed.dataSet.elements[tag];
  if (element === undefined || element.length === 0) return undefined;
  if (element.length !== 2) throw new ConsiliumError('DICOM_INVALID', { tag, bytes: element.length });
  return parsed.dataSet.uint16(tag);
}

/** The numbers of a DS element; an empty value is no number, not zero. */
function decimals(parsed: ParsedDicom, tag: string): number[] {
  const text = textOf(parsed, tag);
  if (text.trim() === '') return [];
  return text.split('\\').map((part) => {
    const value = part.trim() === '' ? Number.NaN : Number(part);
    if (!Number.isFinite(value)) throw new ConsiliumError('DICOM_INVALID', { tag });
    return value;
  });
}
