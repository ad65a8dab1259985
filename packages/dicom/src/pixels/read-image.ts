import { inflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import type { Element } from 'dicom-parser';
import type { Acquisition } from '../geometry/acquisition.js';
import { type DicomHeader, readHeader, textOf } from '../parsing/header.js';
import { DICOM_LIMITS, type ParsedDicom, parseDicom, pixelDataOf } from '../parsing/parse.js';
import { readAcquisitions } from '../parsing/read-acquisition.js';
import { type Encoding, TRANSFER_SYNTAX, transferSyntaxOf } from '../parsing/transfer-syntaxes.js';
import type { PictureRemark } from '../rendering/picture-remarks.js';
import { type GreyTables, readTables } from '../rendering/tables.js';
import type { Codecs } from './codecs.js';
import { framesOf } from './fragments.js';
import { type FrameAttributes, readFrameAttributes } from './frame-attributes.js';
import { readScaleRemarks } from './other-scales.js';
import { type Photometric, type PixelFormat, readFormat } from './pixel-format.js';
import { type Pixels, roomFor, type StoredValues, validBitsOf } from './stored-values.js';
import { openNative, readNativeFrame } from './unpack-native.js';
import { readRleFrame } from './unpack-rle.js';

/** One picture: the values of the file, and what is needed to see them. Modality value = stored x slope + intercept. */
export interface DicomFrame extends Pixels, FrameAttributes, GreyTables {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  /** Of `stored`: colours that a codec has already made RGB are RGB here. */
  readonly photometric: Photometric;
  readonly bitsAllocated: PixelFormat['bitsAllocated'];
  readonly bitsStored: number;
  readonly isSigned: boolean;
  /** Before rescale, tables and colour conversion. May be a view of the file. */
  readonly stored: StoredValues;
  /** What the file says of its values and what is not done about it. */
  readonly scaleRemarks: readonly PictureRemark[];
}

/** A DICOM object with pixels, its header read and its frames not yet decoded. */
export interface OpenImage {
  readonly header: DicomHeader;
  readonly transferSyntaxUid: string;
  readonly encoding: Encoding;
  readonly format: PixelFormat;
  /** Undefined where it is missing or no number. */
  readonly instanceNumber: number | undefined;
  /** Slices of one frame of reference can be related to each other; '' when the file does not say. */
  readonly frameOfReferenceUid: string;
  /** How a frame was taken or made. */
  acquisitionOf(index: number): Acquisition;
  /** Errors  DICOM_TRUNCATED, DICOM_INVALID, DICOM_CODESTREAM_INVALID; never another error. */
  readFrame(index: number): DicomFrame;
}

/**
 * All frames at once: `stored` is [frames, rows, columns, samples], in a buffer of its own; the other fields are those of the
 * first frame.
 */
export interface DicomImage extends DicomFrame {
  readonly header: DicomHeader;
  readonly transferSyntaxUid: string;
  readonly frames: number;
}

/**
 * Reads the header of an object and checks that its pixels can be there; decodes nothing. Compressed pixels need
 * `codecs` (see `loadCodecs`), except RLE and deflated ones.
 *
 * Errors   DICOM_NOT_DICOM, DICOM_TRUNCATED, DICOM_NO_PIXELS, DICOM_UNSUPPORTED, DICOM_INVALID, DICOM_TOO_LARGE; never
 *          another error.
 * Source   DICOM PS3.5 sections 7, 8 and annex A, PS3.3 C.7.6.3.
 */
export function openImage(bytes: Uint8Array, codecs?: Codecs): OpenImage {
  return ownErrors(() => openParsed(parseDicom(bytes), codecs));
}

/**
 * Reads an object with all its frames.
 *
 * Shapes   stored is [frames, rows, columns, samples], row-major.
 * Numbers  signed values are extended, overlays in unused bits dropped; nothing is rescaled here.
 * Errors   those of `openImage`, DICOM_CODESTREAM_INVALID.
 */
export function readImage(bytes: Uint8Array, codecs?: Codecs): DicomImage {
  const open = openImage(bytes, codecs);
  const { header, transferSyntaxUid, format } = open;
  const first = open.readFrame(0);
  const stored = roomFor(first.stored, format.frames);
  stored.set(first.stored, 0);
  for (let i = 1; i < format.frames; i++) stored.set(open.readFrame(i).stored, i * first.stored.length);
  return { ...first, stored, header, transferSyntaxUid, frames: format.frames };
}

/** As `openImage`, of a file that is parsed already; may throw other errors than ours. */
export function openParsed(parsed: ParsedDicom, codecs: Codecs | undefined): OpenImage {
  const element = pixelDataOf(parsed);
  if (element === undefined) throw withoutPixels(parsed);
  const { transferSyntaxUid } = parsed;
  const encoding = transferSyntaxOf(transferSyntaxUid)?.encoding;
  if (encoding === undefined) throw new ConsiliumError('DICOM_UNSUPPORTED', { transferSyntaxUid });
  const format = readFormat(parsed, element);
  const pixelsOf = frameReader(parsed, element, format, encoding, codecs);
  const acquisitionOf = readAcquisitions(parsed);
  const attributesOf = readFrameAttributes(parsed, format.frames);
  const remarksOf = readScaleRemarks(parsed);
  const tables = readTables(parsed, format);
  const { rows, columns, samples, bitsAllocated, bitsStored, isSigned } = format;
  const fixed = { rows, columns, samples, bitsAllocated, bitsStored, isSigned, ...tables };
  const photometric = photometricOfStored(format, encoding);
  return {
    header: readHeader(parsed),
    transferSyntaxUid,
    encoding,
    format,
    instanceNumber: instanceNumberOf(parsed),
    frameOfReferenceUid: textOf(parsed, 'x00200052'),
    acquisitionOf: (index) => ownErrors(() => acquisitionOf(index)),
    readFrame: (index) =>
      ownErrors(() => {
        const attributes = attributesOf(index);
        const line = { slope: attributes.rescaleSlope, intercept: attributes.rescaleIntercept };
        return { ...fixed, photometric, ...attributes, scaleRemarks: remarksOf(index, line), ...pixelsOf(index) };
      }),
  };
}

function instanceNumberOf(parsed: ParsedDicom): number | undefined {
  const text = textOf(parsed, 'x00200013').trim();
  return /^[+-]?\d{1,11}$/.test(text) ? Number(text) : undefined;
}

function withoutPixels(parsed: ParsedDicom): ConsiliumError {
  if (parsed.bytes.length > DICOM_LIMITS.headerBytes) {
    return new ConsiliumError('DICOM_INVALID', { headerBytesMore: DICOM_LIMITS.headerBytes });
  }
  return new ConsiliumError('DICOM_NO_PIXELS');
}

function frameReader(
  parsed: ParsedDicom,
  element: Element,
  format: PixelFormat,
  encoding: Encoding,
  codecs: Codecs | undefined,
): (index: number) => Pixels {
  const valid = validBitsOf(format);
  if (encoding === 'native') {
    const isBigEndian = parsed.transferSyntaxUid === TRANSFER_SYNTAX.explicitBigEndian;
    const native = openNative(parsed.bytes, element, format, isBigEndian);
    return (index) => ({ stored: readNativeFrame(native, index), valid });
  }
  const streams = framesOf(parsed, element, format.frames);
  if (encoding === 'rle') return (index) => ({ stored: readRleFrame(streams[index]!, format), valid });
  if (encoding === 'deflated-frames') {
    return (index) => ({ stored: readDeflatedFrame(streams[index]!, format), valid });
  }
  if (codecs === undefined)
    throw new ConsiliumError('DICOM_UNSUPPORTED', {
      transferSyntaxUid: parsed.transferSyntaxUid,
      codecs: 'not loaded',
    });
  const isLossless = LOSSLESS.has(parsed.transferSyntaxUid);
  return (index) => {
    const pixels = codecs.decode(encoding, streams[index]!, format);
    return isLossless && !format.isSigned && pixels.valid === undefined ? { ...pixels, valid } : pixels;
  };
}

/** Compressed bit by bit, the unused ones too. What a lossy codec makes of a value may need a bit more than the value. */
const LOSSLESS: ReadonlySet<string> = new Set(
  ['57', '70', '80', '90', '201', '202'].map((last) => `1.2.840.10008.1.2.4.${last}`),
);

/** Each frame by itself as native pixels, deflated; it cannot grow beyond what the header claims. */
function readDeflatedFrame(stream: Uint8Array, format: PixelFormat): StoredValues {
  const one = { ...format, frames: 1 };
  const bits = format.rows * format.columns * format.samples * format.bitsAllocated;
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(stream, { maxOutputLength: Math.ceil(bits / 8) + 1 });
  } catch (thrown) {
    throw new ConsiliumError('DICOM_CODESTREAM_INVALID', { codec: 'deflate' }, thrown);
  }
  const element = { tag: 'x7fe00010', dataOffset: 0, length: bytes.length } as Element;
  return readNativeFrame(openNative(bytes, element, one, false), 0);
}

/** The transforms of JPEG 2000 are undone by its decoder; subsampled colours come out at every pixel. */
function photometricOfStored({ photometric }: PixelFormat, encoding: Encoding): Photometric {
  if (photometric === 'YBR_RCT' || photometric === 'YBR_ICT') return encoding === 'native' ? photometric : 'RGB';
  if (photometric === 'YBR_FULL_422') return 'YBR_FULL';
  return photometric;
}

function ownErrors<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof ConsiliumError) throw thrown;
    // A RangeError of a stack or an array: only a hostile file gets here.
    throw new ConsiliumError('DICOM_INVALID', {}, thrown);
  }
}
