import { ConsiliumError } from '@consilium/errors';
import { type ParsedDicom, parseDicom } from '../parsing/parse.js';
import type { Codecs } from '../pixels/codecs.js';
import type { Annotations, Placing } from './annotations.js';
import { asciiOf } from './elements.js';
import { readRtStruct } from './rtstruct/read-rtstruct.js';
import { readSeg } from './seg/read-seg.js';
import { readSr } from './sr/read-sr.js';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
/**
 * SOP class -> its reader. Reports of doses and procedures, key objects and presentation states say nothing that a
 * model learns from.
 */
const READERS: Readonly<Record<string, (parsed: ParsedDicom, placing: Placing, codecs?: Codecs) => Annotations>> = {
  [`${STORAGE}66.4`]: readSeg,
  [`${STORAGE}66.7`]: readSeg, // label map
  [`${STORAGE}481.3`]: readRtStruct,
  [`${STORAGE}88.11`]: readSr, // basic text
  [`${STORAGE}88.22`]: readSr, // enhanced
  [`${STORAGE}88.33`]: readSr, // comprehensive
  [`${STORAGE}88.34`]: readSr, // comprehensive 3D
  [`${STORAGE}88.35`]: readSr, // extensible
  [`${STORAGE}88.50`]: readSr, // mammography CAD
  [`${STORAGE}88.65`]: readSr, // chest CAD
  [`${STORAGE}88.69`]: readSr, // colon CAD
};

export function isAnnotationClass(sopClassUid: string): boolean {
  return Object.hasOwn(READERS, sopClassUid);
}

/**
 * Reads a segmentation, structure set or structured report; undefined when the file is DICOM of another kind.
 * Compressed segmentations need `codecs`, as for `readImage`.
 *
 * Privacy  the identifiers are the file's own, and labels and values are texts of people: nothing here is
 *          de-identified.
 * Errors   those of `readImage`; never another error.
 */
export function readAnnotations(
  bytes: Uint8Array,
  codecs?: Codecs,
  placing: Placing = 'as-named',
): Annotations | undefined {
  const ours = within(() => {
    const parsed = parseDicom(bytes);
    const reader = READERS[asciiOf(parsed.dataSet, 'x00080016')];
    return reader?.(parsed, placing, codecs);
  });
  if (ours === undefined) return undefined;
  return { ...ours, maskOf: (image, structure) => within(() => ours.maskOf(image, structure)) };
}

/** A RangeError of a stack or an array: only a hostile file gets here. */
function within<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof ConsiliumError) throw thrown;
    throw new ConsiliumError('DICOM_INVALID', {}, thrown);
  }
}
