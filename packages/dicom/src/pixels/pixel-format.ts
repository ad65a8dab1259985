import { ConsiliumError } from '@consilium/errors';
import type { Element } from 'dicom-parser';
import { textOf } from '../parsing/header.js';
import { DICOM_LIMITS, isFloatPixelData, type ParsedDicom } from '../parsing/parse.js';
import { unsigned16 } from '../parsing/values.js';

const PHOTOMETRICS = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
] as const;

export type Photometric = (typeof PHOTOMETRICS)[number];

/** How the pixels of an object are laid out, as its header says and after it was found to be free of contradiction. */
export interface PixelFormat {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  /** Colours one plane after another. */
  readonly isPlanar: boolean;
  readonly bitsAllocated: 1 | 8 | 16 | 32 | 64;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly isFloat: boolean;
  /** The unused bits hold an overlay, as scanners did until 2004. */
  readonly hasEmbeddedOverlay: boolean;
}

/**
 * Nothing of the size that a header claims is allocated before it has been through here.
 *
 * Errors   DICOM_INVALID, DICOM_UNSUPPORTED, DICOM_TOO_LARGE.
 */
export function readFormat(parsed: ParsedDicom, pixelData: Element): PixelFormat {
  const rows = unsigned16(parsed, 'x00280010') ?? 0;
  const columns = unsigned16(parsed, 'x00280011') ?? 0;
  if (rows === 0 || columns === 0) throw new ConsiliumError('DICOM_INVALID', { rows, columns });
  const photometric = readPhotometric(parsed);
  const samples = readSamples(parsed, photometric);
  const frames = readFrameCount(parsed);
  if (rows * columns * samples > DICOM_LIMITS.pixels) throw new ConsiliumError('DICOM_TOO_LARGE', { rows, columns });
  if (frames > DICOM_LIMITS.frames || frames * rows * columns * samples > DICOM_LIMITS.pixelsOfAllFrames) {
    throw new ConsiliumError('DICOM_TOO_LARGE', { rows, columns, frames });
  }
  const isPlanar = samples > 1 && unsigned16(parsed, 'x00280006') === 1;
  const bits = isFloatPixelData(pixelData) ? readFloatBits(pixelData) : readBits(parsed);
  return {
    frames,
    rows,
    columns,
    samples,
    photometric,
    isPlanar,
    ...bits,
    hasEmbeddedOverlay: hasEmbeddedOverlay(parsed),
  };
}

function readPhotometric(parsed: ParsedDicom): Photometric {
  const text = textOf(parsed, 'x00280004');
  const known = PHOTOMETRICS.find((photometric) => photometric === text);
  if (known !== undefined) return known;
  if (text === '') throw new ConsiliumError('DICOM_INVALID', { missing: 'PhotometricInterpretation' });
  throw new ConsiliumError('DICOM_UNSUPPORTED', { photometric: text.replace(/[^A-Z0-9_ ]/g, '?').slice(0, 16) });
}

function readSamples(parsed: ParsedDicom, photometric: Photometric): 1 | 3 {
  const isGrey = photometric.startsWith('MONOCHROME') || photometric === 'PALETTE COLOR';
  const samples = unsigned16(parsed, 'x00280002') ?? 0;
  if (samples === 0) throw new ConsiliumError('DICOM_INVALID', { samplesPerPixel: samples });
  if (samples !== 1 && samples !== 3) throw new ConsiliumError('DICOM_UNSUPPORTED', { samplesPerPixel: samples });
  if (isGrey !== (samples === 1)) throw new ConsiliumError('DICOM_INVALID', { samplesPerPixel: samples, photometric });
  return samples;
}

function readFrameCount(parsed: ParsedDicom): number {
  const text = textOf(parsed, 'x00280008') || '1';
  if (!/^\+?\d{1,9}$/.test(text.trim())) throw new ConsiliumError('DICOM_INVALID', { field: 'NumberOfFrames' });
  // Zero is written for one by enough devices that all readers take it so.
  return Math.max(Number(text), 1);
}

type Bits = Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'isSigned' | 'isFloat'>;

function readBits(parsed: ParsedDicom): Bits {
  const bitsAllocated = unsigned16(parsed, 'x00280100') ?? 0;
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32) {
    throw new ConsiliumError('DICOM_UNSUPPORTED', { bitsAllocated });
  }
  const bitsStored = unsigned16(parsed, 'x00280101') ?? bitsAllocated;
  const highBit = unsigned16(parsed, 'x00280102') ?? bitsStored - 1;
  const representation = unsigned16(parsed, 'x00280103') ?? 0;
  if (bitsStored < 1 || highBit < bitsStored - 1 || highBit >= bitsAllocated || representation > 1) {
    throw new ConsiliumError('DICOM_INVALID', { bitsAllocated, bitsStored, highBit, representation });
  }
  return { bitsAllocated, bitsStored, highBit, isSigned: representation === 1 && bitsAllocated > 1, isFloat: false };
}

function readFloatBits({ tag }: Element): Bits {
  const bitsAllocated = tag === 'x7fe00008' ? 32 : 64;
  return { bitsAllocated, bitsStored: bitsAllocated, highBit: bitsAllocated - 1, isSigned: true, isFloat: true };
}

/** An overlay (group 60xx) with a bit position and no data of its own lies in the pixels' unused bits. */
function hasEmbeddedOverlay(parsed: ParsedDicom): boolean {
  const { elements } = parsed.dataSet;
  for (const tag in elements) {
    if (tag.startsWith('x60') && tag.endsWith('0102') && !(`${tag.slice(0, 5)}3000` in elements)) return true;
  }
  return false;
}
