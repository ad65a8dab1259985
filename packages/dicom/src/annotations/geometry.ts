import { ConsiliumError } from '@consilium/errors';
import { cross, degreesBetween, dot, plus, type Vector } from '../geometry/vectors.js';
import type { ImagePlane } from '../writing/study-modules.js';

/** Where the pixels of a picture lie in the patient. Source  DICOM PS3.3 C.7.6.2.1.1. */
export type SlicePlane = Pick<ImagePlane, 'positionMm' | 'orientation' | 'spacingMm'>;

/** Two planes that are nearer than this are one; the thinnest slices in use are five times as thick. */
export const PLANE_TOLERANCE_MM = 0.1;
/** A contour or frame that names its picture may lie this far off it: planning systems round positions. */
export const NAMED_PLANE_TOLERANCE_MM = 1;
/** A mask whose plane is a little off belongs to the nearest slice: not farther than this, and to no other slice as well. */
const NEAREST_SLICE_TOLERANCE_MM = 1;
/** So near the middle of two slices nobody can tell which of them is meant. */
const MIDDLE_MM = 0.001;
/** Between normals that count as parallel. */
const ANGLE_TOLERANCE_DEGREES = 0.6;

/**
 * Errors DICOM_INVALID when the numbers are no plane: missing ones, directions that are not at right angles or not of
 * length 1.
 */
export function planeOf(
  position: readonly number[],
  orientation: readonly number[],
  spacing: readonly number[],
): SlicePlane {
  const [row, column] = spacing;
  const directions = orientation as unknown as SlicePlane['orientation'];
  if (position.length !== 3 || orientation.length !== 6 || row === undefined || column === undefined)
    throw new ConsiliumError('DICOM_INVALID', { problem: 'incomplete plane' });
  const plane = { positionMm: position as unknown as Vector, orientation: directions, spacingMm: { row, column } };
  const [along, down] = directionsOf(plane);
  const areUnit = [along, down].every((v) => Math.abs(dot(v, v) - 1) < 0.02);
  if (!areUnit || Math.abs(dot(along, down)) > 0.01 || !(row > 0) || !(column > 0))
    throw new ConsiliumError('DICOM_INVALID', { problem: 'not a plane' });
  return plane;
}

/** Row and column (fractions of pixels, 0 at the centre of the first), and how far the point lies off the plane. */
export function inPlane(plane: SlicePlane, point: Vector): { row: number; column: number; offMm: number } {
  const [along, down] = directionsOf(plane);
  const from = plus(point, plane.positionMm, -1);
  return {
    row: dot(from, down) / plane.spacingMm.row,
    column: dot(from, along) / plane.spacingMm.column,
    offMm: Math.abs(dot(from, cross(along, down))),
  };
}

/**
 * Whether something so far off a slice is in that slice: where the gap to the nearest other one is known, in none but this;
 * else in its plane.
 */
export function isInSlice(offMm: number, sliceGapMm: number | undefined): boolean {
  if (sliceGapMm === undefined || offMm <= PLANE_TOLERANCE_MM) return offMm <= PLANE_TOLERANCE_MM;
  return offMm < sliceGapMm / 2 - MIDDLE_MM && offMm <= NEAREST_SLICE_TOLERANCE_MM;
}

/** Opposite normals are parallel: a picture may be mirrored. */
export function areParallel(a: SlicePlane, b: SlicePlane): boolean {
  return degreesBetween(normalOf(a), normalOf(b)) <= ANGLE_TOLERANCE_DEGREES;
}

export function pointAt(plane: SlicePlane, row: number, column: number): Vector {
  const [along, down] = directionsOf(plane);
  const inRow = plus(plane.positionMm, along, column * plane.spacingMm.column);
  return plus(inRow, down, row * plane.spacingMm.row);
}

function normalOf(plane: SlicePlane): Vector {
  return cross(...directionsOf(plane));
}

function directionsOf({ orientation: o }: SlicePlane): [Vector, Vector] {
  return [
    [o[0], o[1], o[2]],
    [o[3], o[4], o[5]],
  ];
}
