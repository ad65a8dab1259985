import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { Vector } from '../../geometry/vectors.js';
import type { ParsedDicom } from '../../parsing/parse.js';
import type { AnnotatedImage, Annotations, InstanceReference, Placing, Structure } from '../annotations.js';
import { asciiOf, codeOf, integersOf, itemsOf, madeAt, type TextReader, textReader } from '../elements.js';
import { inPlane, isInSlice, NAMED_PLANE_TOLERANCE_MM, type SlicePlane } from '../geometry.js';
import { names, namingOf, seriesReferencesIn } from '../references.js';
import { type PlanarContour, regionOf } from './contour-region.js';
import { type Contour, readContours } from './read-contours.js';

interface Region extends Structure {
  readonly frameOfReferenceUid: string;
}

/**
 * Reads a structure set: the closed contours of each region of interest (points and open lines enclose no pixel).
 *
 * A contour belongs to a picture that it names, or, if it names none, to the slice of its frame of reference in whose plane
 * it lies (see `isInSlice`). What contours of one region in one picture enclose together: see `regionOf`. A picture that the
 * structure set names and that has no contour has an empty mask. By place, no contour names any picture.
 *
 * Errors   DICOM_INVALID, DICOM_TRUNCATED; `maskOf` also when a contour does not lie in the plane of the picture that
 *          it names, and for a picture that is named and has no plane.
 * Source   DICOM PS3.3 C.8.8.5, C.8.8.6, C.8.8.8.
 */
export function readRtStruct(parsed: ParsedDicom, placing: Placing): Annotations {
  const { dataSet } = parsed;
  const text = textReader(dataSet);
  const regions = readRegions(dataSet, text);
  const contours = readContours(dataSet);
  const listed = readReferences(dataSet);
  const references = [...listed, ...[...contours.values()].flat().flatMap(({ images }) => images)];
  const isNamed = placing === 'by-place' ? () => false : namingOf(references);

  const maskOf = (image: AnnotatedImage, structure: Structure): Uint8Array | undefined => {
    const region = regions.find(({ number }) => number === structure.number);
    if (region === undefined) return undefined;
    const isCovered = isNamed(image);
    const isNear =
      isCovered || (region.frameOfReferenceUid !== '' && region.frameOfReferenceUid === image.frameOfReferenceUid);
    if (!isNear) return undefined;
    const { plane } = image;
    if (plane === undefined) {
      if (!isCovered) return undefined;
      throw new ConsiliumError('DICOM_INVALID', { problem: 'contours need the plane of the picture' });
    }
    const drawn = (contours.get(region.number) ?? []).flatMap(
      (contour) => inPicture(contour, image, plane, placing) ?? [],
    );
    if (drawn.length === 0 && !isCovered) return undefined;
    return regionOf(drawn, image.rows, image.columns);
  };
  return {
    kind: 'rtstruct',
    sopInstanceUid: asciiOf(dataSet, 'x00080018'),
    studyInstanceUid: asciiOf(dataSet, 'x0020000d'),
    placing,
    made: madeAt(dataSet, 'x30060008', 'x30060009'),
    frameOfReferenceUids: [...new Set(regions.map((region) => region.frameOfReferenceUid))],
    parts: [...contours].flatMap(([structure, own]) => own.map((contour) => partOf(structure, contour))),
    references,
    structures: regions.map(({ number, label, code }) => ({ number, label, code })),
    findings: [],
    maskOf,
    findingsOf: () => [],
  };
}

/** Where three points of a contour are enough to tell its plane. */
function partOf(structure: number, { pointsMm, images }: Contour) {
  const count = pointsMm.length / 3;
  const corners = new Set([0, 1 / 3, 2 / 3].map((share) => 3 * Math.floor(share * count)));
  const points = [...corners].map((at): Vector => [pointsMm[at]!, pointsMm[at + 1]!, pointsMm[at + 2]!]);
  return { structure, sources: images, pointsMm: points };
}

/** Undefined when the contour is not about the picture. */
function inPicture(
  contour: Contour,
  image: AnnotatedImage,
  plane: SlicePlane,
  placing: Placing,
): PlanarContour | undefined {
  const { pointsMm, isXor } = contour;
  const images = placing === 'by-place' ? [] : contour.images;
  const isNamed = images.some((reference) => names(reference, image));
  if (images.length > 0 && !isNamed) return undefined;
  const polygon = new Float64Array((pointsMm.length / 3) * 2);
  for (let from = 0, to = 0; from < pointsMm.length; from += 3, to += 2) {
    const point = inPlane(plane, [pointsMm[from]!, pointsMm[from + 1]!, pointsMm[from + 2]!]);
    if (!isNamed && !isInSlice(point.offMm, image.sliceGapMm)) return undefined;
    if (point.offMm > NAMED_PLANE_TOLERANCE_MM)
      throw new ConsiliumError('DICOM_INVALID', { problem: 'a contour does not lie in the plane of its picture' });
    polygon[to] = point.row;
    polygon[to + 1] = point.column;
  }
  return { polygon, isXor };
}

function readRegions(dataSet: DataSet, text: TextReader): Region[] {
  const codes = new Map(
    itemsOf(dataSet, 'x30060080').map((item) => [integersOf(item, 'x30060084')[0], codeOf(item, 'x30060086', text)]),
  );
  const regions = itemsOf(dataSet, 'x30060020').map((item) => {
    const [number] = integersOf(item, 'x30060022');
    if (number === undefined) throw new ConsiliumError('DICOM_INVALID', { field: 'ROINumber' });
    const code = codes.get(number);
    const label = text(item, 'x30060026') || (code?.meaning ?? '');
    return { number, label, code, frameOfReferenceUid: asciiOf(item, 'x30060024') };
  });
  if (new Set(regions.map(({ number }) => number)).size !== regions.length)
    throw new ConsiliumError('DICOM_INVALID', { problem: 'a region number twice' });
  return regions;
}

function readReferences(dataSet: DataSet): InstanceReference[] {
  return itemsOf(dataSet, 'x30060010').flatMap((frameOfReference) =>
    itemsOf(frameOfReference, 'x30060012').flatMap((study) =>
      seriesReferencesIn(study, 'x30060014', 'x30060016', asciiOf(study, 'x00081155')),
    ),
  );
}
