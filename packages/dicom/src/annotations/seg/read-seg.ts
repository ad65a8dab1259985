import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { ParsedDicom } from '../../parsing/parse.js';
import type { Codecs } from '../../pixels/codecs.js';
import type { AnnotatedImage, Annotations, InstanceReference, Placing, Structure } from '../annotations.js';
import { asciiOf, codeOf, itemsOf, madeAt, textReader, unsignedOf } from '../elements.js';
import { areParallel, inPlane, isInSlice, NAMED_PLANE_TOLERANCE_MM, pointAt } from '../geometry.js';
import { names, namingOf, referencesIn, seriesReferencesIn, studyReferencesIn } from '../references.js';
import { drawMask } from './resample.js';
import { readSegFrames, type SegFrame } from './seg-frames.js';
import { openSegPixels, type SegPixels } from './seg-pixels.js';

const TYPES = ['BINARY', 'FRACTIONAL', 'LABELMAP'] as const;
type SegType = (typeof TYPES)[number];

/** The ground of a label map, as DICOM codes it; it is no structure. */
const BACKGROUND = { scheme: 'DCM', value: '125040' };

/**
 * Reads a segmentation: binary (1 bit), fractional (8 bits) or label map (8 or 16 bits).
 *
 * A frame belongs to a picture that it names as its source (and whose plane it shares, where both say theirs), or, if
 * it names none, to one in the same plane and frame of reference. A source of many frames that is named as a whole is no more
 * than that: the plane says which of its frames is meant. By place, no frame names any picture. Objects leave empty frames out: a picture that the
 * object names anywhere has an empty mask then, unless a frame names none and cannot be placed.
 *
 * Numbers  a fractional pixel is set from half of the maximum fractional value on.
 * Errors   those of `readImage`; `maskOf` also when a frame names one
 *          picture and lies in another plane; MASK_SIZE_MISMATCH.
 * Source   DICOM PS3.3 C.8.20.
 */
export function readSeg(parsed: ParsedDicom, placing: Placing, codecs?: Codecs): Annotations {
  const { dataSet } = parsed;
  const pixels = openSegPixels(parsed, codecs);
  const type = readType(dataSet, pixels);
  const written = readSegFrames(dataSet, pixels.frames, type === 'LABELMAP');
  const frames = placing === 'by-place' ? written.map((frame) => ({ ...frame, sources: [] })) : written;
  const structures = readSegments(dataSet);
  checkSegments(frames, structures, type);
  const maximum = unsignedOf(dataSet, 'x0062000e') ?? 255;
  if (maximum === 0) throw new ConsiliumError('DICOM_INVALID', { field: 'MaximumFractionalValue' });
  const frameOfReferenceUid = asciiOf(dataSet, 'x00200052');
  const references = readReferences(dataSet, written);
  const isNamed = placing === 'by-place' ? () => false : namingOf(references);
  const candidates = byInstance(frames);

  const isSet = (value: number, structure: Structure) =>
    type === 'LABELMAP' ? value === structure.number : type === 'BINARY' ? value === 1 : 2 * value >= maximum;
  const maskOf = (image: AnnotatedImage, structure: Structure): Uint8Array | undefined => {
    const isCovered = isNamed(image);
    const isNear = isCovered || (frameOfReferenceUid !== '' && frameOfReferenceUid === image.frameOfReferenceUid);
    const verdicts = candidates(image).map((i) => ({ i, isAbout: isAbout(frames[i]!, image, isNear) }));
    const found = verdicts.filter((verdict) => verdict.isAbout === true);
    const isUnclear = verdicts.some((verdict) => verdict.isAbout === undefined);
    if (found.length === 0 && (!isCovered || isUnclear)) return undefined;
    const mask = new Uint8Array(image.rows * image.columns);
    for (const { i } of found) {
      const { segment, plane } = frames[i]!;
      if (segment !== undefined && segment !== structure.number) continue;
      const values = Uint8Array.from(pixels.read(i), (value) => (isSet(value, structure) ? 1 : 0));
      drawMask({ rows: pixels.rows, columns: pixels.columns, plane, values }, image, mask);
    }
    return mask;
  };
  return {
    kind: 'seg',
    sopInstanceUid: asciiOf(dataSet, 'x00080018'),
    studyInstanceUid: asciiOf(dataSet, 'x0020000d'),
    placing,
    made: madeAt(dataSet, 'x00080023', 'x00080033'),
    frameOfReferenceUids: [frameOfReferenceUid],
    parts: written.map(({ segment: structure, sources, plane }) => ({
      structure,
      sources,
      pointsMm: cornersOf(plane),
    })),
    references,
    structures,
    findings: [],
    maskOf,
    findingsOf: () => [],
  };
}

/** Three points of a plane; far enough apart to tell its direction. */
function cornersOf(plane: SegFrame['plane']) {
  return plane === undefined ? [] : [pointAt(plane, 0, 0), pointAt(plane, 0, 100), pointAt(plane, 100, 0)];
}

function readType(dataSet: DataSet, pixels: SegPixels): SegType {
  const text = asciiOf(dataSet, 'x00620001');
  const type = TYPES.find((known) => known === text);
  if (type === undefined) throw new ConsiliumError('DICOM_INVALID', { field: 'SegmentationType' });
  const areBitsGood =
    type === 'BINARY'
      ? pixels.bitsAllocated === 1
      : type === 'FRACTIONAL'
        ? pixels.bitsAllocated === 8
        : pixels.bitsAllocated > 1;
  if (!areBitsGood) throw new ConsiliumError('DICOM_INVALID', { type, bitsAllocated: pixels.bitsAllocated });
  return type;
}

function readSegments(dataSet: DataSet): Structure[] {
  const text = textReader(dataSet);
  return itemsOf(dataSet, 'x00620002').flatMap((item) => {
    const number = unsignedOf(item, 'x00620004');
    if (number === undefined) throw new ConsiliumError('DICOM_INVALID', { field: 'SegmentNumber' });
    const code = codeOf(item, 'x0062000f', text);
    if (code?.scheme === BACKGROUND.scheme && code.value === BACKGROUND.value) return [];
    return [{ number, label: text(item, 'x00620005') || (code?.meaning ?? ''), code }];
  });
}

function checkSegments(frames: readonly SegFrame[], structures: readonly Structure[], type: SegType): void {
  const numbers = new Set(structures.map(({ number }) => number));
  if (numbers.size !== structures.length)
    throw new ConsiliumError('DICOM_INVALID', { problem: 'a segment number twice' });
  const isLost = ({ segment }: SegFrame) => segment === undefined || !numbers.has(segment);
  if (type !== 'LABELMAP' && frames.some(isLost))
    throw new ConsiliumError('DICOM_INVALID', { problem: 'a frame of no segment' });
}

function readReferences(dataSet: DataSet, frames: readonly SegFrame[]): InstanceReference[] {
  const study = asciiOf(dataSet, 'x0020000d');
  return [
    ...seriesReferencesIn(dataSet, 'x00081115', 'x0008114a', study),
    ...studyReferencesIn(dataSet, 'x00081200', 'x00081115', 'x0008114a'),
    ...referencesIn(dataSet, 'x00082112'),
    ...frames.flatMap(({ sources }) => sources),
  ];
}

/** The frames that may be about a picture: those that name it and those that name none. */
function byInstance(frames: readonly SegFrame[]): (image: AnnotatedImage) => number[] {
  const named = new Map<string, number[]>();
  const nameless: number[] = [];
  frames.forEach(({ sources }, i) => {
    if (sources.length === 0) nameless.push(i);
    for (const uid of new Set(sources.map(({ sopInstanceUid }) => sopInstanceUid))) {
      const indices = named.get(uid);
      if (indices) indices.push(i);
      else named.set(uid, [i]);
    }
  });
  return ({ sopInstanceUid }) => [...(named.get(sopInstanceUid) ?? []), ...nameless];
}

/** Undefined when the frame names no picture and nobody knows where the two lie. */
function isAbout(frame: SegFrame, image: AnnotatedImage, isNear: boolean): boolean | undefined {
  const { plane, sources } = frame;
  const isNamed = sources.some((source) => names(source, image));
  if (sources.length > 0 && !isNamed) return false;
  const isWhole = image.frameCount > 1 && sources.every((source) => source.frames === undefined);
  if (plane === undefined || image.plane === undefined) return (isNamed && !isWhole) || undefined;
  const areSame = areParallel(plane, image.plane);
  const offMm = areSame ? inPlane(image.plane, plane.positionMm).offMm : Number.POSITIVE_INFINITY;
  if (!isNamed || isWhole || sources.length > 1) return (isNamed || isNear) && isInSlice(offMm, image.sliceGapMm);
  if (offMm <= NAMED_PLANE_TOLERANCE_MM) return true;
  throw new ConsiliumError('DICOM_INVALID', { problem: 'a frame does not lie in the plane of its source' });
}
