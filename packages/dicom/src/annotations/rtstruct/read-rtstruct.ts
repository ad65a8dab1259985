import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { ParsedDicom } from '../../parsing/parse.js';
import type { AnnotatedImage, Annotations, InstanceReference, Structure } from '../annotations.js';
import { asciiOf, codeOf, integersOf, itemsOf, type TextReader, textReader } from '../elements.js';
import { inPlane, NAMED_PLANE_TOLERANCE_MM, PLANE_TOLERANCE_MM, type SlicePlane } from '../geometry.js';
import { names, namingOf, seriesReferencesIn } from '../references.js';
import { rasterise } from './rasterise.js';
import { type Contour, readContours } from './read-contours.js';

interface Region extends Structure {
  readonly frameOfReferenceUid: string;
}

/**
 * Reads a structure set: the closed contours of each region of interest (points and open lines enclose no pixel).
 *
 * A contour belongs to a picture that it names, or, if it names none, to one in its plane and frame of reference. All
 * contours of a region in one picture together follow the even-odd rule (see `rasterise`). A picture that the structure
 * set names and that has no contour has an empty mask.
 *
 * Errors   DICOM_INVALID, DICOM_TRUNCATED; `maskOf` also when a contour does not lie in the plane of the picture that
 *          it names, and for a picture that is named and has no plane.
 * Source   DICOM PS3.3 C.8.8.5, C.8.8.6, C.8.8.8.
 */
export function readRtStruct(parsed: ParsedDicom): Annotations {
  const { dataSet } = parsed;
  const text = textReader(dataSet);
  const regions = readRegions(dataSet, text);
  const contours = readContours(dataSet);
  const listed = readReferences(dataSet);
  const all = [...contours.values()].flat();
  const references = [...listed, ...all.flatMap(({ images }) => images)];
  const isNamed = namingOf(references);

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
    const polygons = (contours.get(region.number) ?? []).flatMap((contour) => polygonOf(contour, image, plane) ?? []);
    if (polygons.length === 0 && !isCovered) return undefined;
    return rasterise(polygons, image.rows, image.columns);
  };
  return {
    kind: 'rtstruct',
    sopInstanceUid: asciiOf(dataSet, 'x00080018'),
    studyInstanceUid: asciiOf(dataSet, 'x0020000d'),
    references,
    structures: regions.map(({ number, label, code }) => ({ number, label, code })),
    findings: [],
    maskOf,
    findingsOf: () => [],
  };
}

/** Undefined when the contour is not about the picture. */
function polygonOf(contour: Contour, image: AnnotatedImage, plane: SlicePlane): Float64Array | undefined {
  const { pointsMm, images } = contour;
  const isNamed = images.some((reference) => names(reference, image));
  if (images.length > 0 && !isNamed) return undefined;
  const polygon = new Float64Array((pointsMm.length / 3) * 2);
  for (let from = 0, to = 0; from < pointsMm.length; from += 3, to += 2) {
    const point = inPlane(plane, [pointsMm[from]!, pointsMm[from + 1]!, pointsMm[from + 2]!]);
    if (!isNamed && point.offMm > PLANE_TOLERANCE_MM) return undefined;
    if (point.offMm > NAMED_PLANE_TOLERANCE_MM)
      throw new ConsiliumError('DICOM_INVALID', { problem: 'a contour does not lie in the plane of its picture' });
    polygon[to] = point.row;
    polygon[to + 1] = point.column;
  }
  return polygon;
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
