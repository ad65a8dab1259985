import { ConsiliumError } from '@consilium/errors';
import type { BurnedInFacts } from '../deidentification/burned-in.js';
import type { PictureKind } from '../geometry/picture-kind.js';
import type { SlicePlace } from '../geometry/slice.js';
import { readFrameAttributes } from '../pixels/frame-attributes.js';
import { type DicomHeader, readHeader, textOf } from './header.js';
import { type ParsedDicom, parseDicom, pixelDataOf } from './parse.js';
import { readPictureKind } from './read-acquisition.js';
import { transferSyntaxOf } from './transfer-syntaxes.js';

/** What is known of a file before its pixels are read. Identifying and hostile, like the header itself. */
export interface ScannedHeader {
  readonly header: DicomHeader;
  readonly transferSyntaxUid: string;
  /** What the file says of itself that tells whether its pixels show text. */
  readonly textFacts: BurnedInFacts;
  /** Slices of one frame of reference can be related to each other; '' when the file does not say. */
  readonly frameOfReferenceUid: string;
  /** Undefined where the file does not say, or its frames differ. */
  readonly kind: PictureKind | undefined;
  readonly holdsPixels: boolean;
  /** Where each frame lies; empty where the header does not say it rightly. */
  readonly places: readonly (SlicePlace | undefined)[];
  /** Rows x columns x frames as the header states them, to plan memory by; 0 when it does not. */
  readonly pixels: number;
}

/**
 * Reads the header from the first bytes of a file: as many as reach the pixel data are enough.
 *
 * Errors   DICOM_TRUNCATED when the bytes end before the header does; those of `parseDicom`; never another error.
 */
export function scanHeader(bytes: Uint8Array): ScannedHeader {
  try {
    const parsed = parseDicom(bytes);
    return {
      header: readHeader(parsed),
      transferSyntaxUid: parsed.transferSyntaxUid,
      textFacts: textFactsOf(parsed),
      frameOfReferenceUid: textOf(parsed, 'x00200052'),
      kind: readPictureKind(parsed),
      holdsPixels: pixelDataOf(parsed) !== undefined,
      pixels: statedPixels(parsed),
      places: statedPlaces(parsed),
    };
  } catch (thrown) {
    if (thrown instanceof ConsiliumError) throw thrown;
    throw new ConsiliumError('DICOM_INVALID', {}, thrown);
  }
}

function textFactsOf(parsed: ParsedDicom): BurnedInFacts {
  const text = (tag: string) => textOf(parsed, tag).toUpperCase();
  const isCompressed = transferSyntaxOf(parsed.transferSyntaxUid)?.encoding !== 'native';
  const { elements } = parsed.dataSet;
  const inPixels = (tag: string) => /^x60..0102$/.test(tag) && !(`${tag.slice(0, 5)}3000` in elements);
  return {
    burnedInAnnotation: text('x00280301'),
    recognizableVisualFeatures: text('x00280302'),
    sopClassUid: text('x00080016'),
    modality: text('x00080060'),
    imageType: text('x00080008')
      .split('\\')
      .map((value) => value.trim()),
    conversionType: text('x00080064'),
    manufacturer: text('x00080070'),
    hasEmbeddedOverlay: isCompressed && Object.keys(elements).some(inPixels),
  };
}

const MOST_PLACES = 100_000;

function statedPlaces(parsed: ParsedDicom): (SlicePlace | undefined)[] {
  const frames = Number(textOf(parsed, 'x00280008') || '1');
  if (!Number.isInteger(frames) || frames < 1 || frames > MOST_PLACES) return [];
  try {
    const attributes = readFrameAttributes(parsed, frames);
    return Array.from({ length: frames }, (_, i) => attributes(i).place);
  } catch (error) {
    // Whoever reads the pixels says what is wrong.
    if (error instanceof ConsiliumError) return [];
    throw error;
  }
}

function statedPixels(parsed: ParsedDicom): number {
  const side = (tag: string) => (parsed.dataSet.elements[tag]?.length === 2 ? (parsed.dataSet.uint16(tag) ?? 0) : 0);
  const frames = textOf(parsed, 'x00280008') || '1';
  return /^\d{1,9}$/.test(frames) ? side('x00280010') * side('x00280011') * Number(frames) : 0;
}
