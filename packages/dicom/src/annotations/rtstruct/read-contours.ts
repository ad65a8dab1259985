import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { InstanceReference } from '../annotations.js';
import { asciiOf, decimalsOf, integersOf, itemsOf } from '../elements.js';
import { referencesIn } from '../references.js';

/** One closed contour. */
export interface Contour {
  /** x, y, z, x, y, z, ... in the patient, millimetres. */
  readonly pointsMm: Float64Array;
  /** Whether it is combined with others by exclusive or. */
  readonly isXor: boolean;
  /** The pictures that it names. */
  readonly images: readonly InstanceReference[];
}

/** Kinds that enclose pixels; points and open lines enclose none. */
const XOR = 'CLOSEDPLANAR_XOR';
const CLOSED: ReadonlySet<string> = new Set(['CLOSED_PLANAR', XOR]);

/**
 * The closed contours of each region of interest, by its number. Errors DICOM_INVALID. Source DICOM PS3.3 C.8.8.6.
 */
export function readContours(dataSet: DataSet): Map<number, Contour[]> {
  const contours = new Map<number, Contour[]>();
  for (const item of itemsOf(dataSet, 'x30060039')) {
    const [number] = integersOf(item, 'x30060084');
    if (number === undefined || contours.has(number))
      throw new ConsiliumError('DICOM_INVALID', { field: 'ReferencedROINumber' });
    const closed = itemsOf(item, 'x30060040').filter((contour) => CLOSED.has(asciiOf(contour, 'x30060042')));
    contours.set(number, closed.map(readContour));
  }
  return contours;
}

function readContour(item: DataSet): Contour {
  const pointsMm = Float64Array.from(decimalsOf(item, 'x30060050'));
  const [points] = integersOf(item, 'x30060046');
  const isCountRight = points === undefined || points * 3 === pointsMm.length;
  if (!isCountRight || pointsMm.length === 0 || pointsMm.length % 3 !== 0)
    throw new ConsiliumError('DICOM_INVALID', { points: points ?? '', numbers: pointsMm.length });
  return { pointsMm, isXor: asciiOf(item, 'x30060042') === XOR, images: referencesIn(item, 'x30060016') };
}
