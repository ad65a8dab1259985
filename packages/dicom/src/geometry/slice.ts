import type { Acquisition } from './acquisition.js';
import { cross, dot, lengthOf, type Vector } from './vectors.js';

/** Where a slice lies in the patient. Source  DICOM PS3.3 C.7.6.2.1.1. */
export interface SlicePlace {
  /** Centre of the first pixel. */
  readonly positionMm: Vector;
  /** Direction cosines of a row (the way columns grow), then of a column (the way rows grow). */
  readonly orientation: readonly [number, number, number, number, number, number];
}

/** What the order of slices goes by. */
export interface Slice {
  /** Undefined where the file does not say: projections, ultrasound. */
  readonly place: SlicePlace | undefined;
  readonly pixelSpacingMm: { readonly row: number; readonly column: number } | undefined;
  readonly rows: number;
  readonly columns: number;
  /** Decides between slices at one place; undefined comes last. */
  readonly instanceNumber: number | undefined;
  /** Undefined where nothing is known of it. */
  readonly acquisition?: Acquisition | undefined;
}

/** A slice with its number in the input and how far along the normal of its stack it lies. */
export interface PlacedSlice {
  readonly index: number;
  readonly slice: Slice;
  readonly place: SlicePlace;
  readonly alongMm: number;
}

/** Header text has so many digits; a direction that is no unit vector, or a row not square to its column, is no direction. */
const TOLERANCE = 0.01;
/** A place farther away is none. */
const FARTHEST_MM = 1e6;

export function rowDirection({ orientation: o }: SlicePlace): Vector {
  return [o[0], o[1], o[2]];
}

export function columnDirection({ orientation: o }: SlicePlace): Vector {
  return [o[3], o[4], o[5]];
}

/** Row x column: slices of standard orientation (rows to the left, columns to the back) have one that points to the head. */
export function normalOf(place: SlicePlace): Vector {
  return cross(rowDirection(place), columnDirection(place));
}

export function hasDirections(place: SlicePlace): boolean {
  const [row, column] = [rowDirection(place), columnDirection(place)];
  const isUnit = (v: Vector) => Math.abs(lengthOf(v) - 1) <= TOLERANCE;
  return (
    isUnit(row) &&
    isUnit(column) &&
    Math.abs(dot(row, column)) <= TOLERANCE &&
    place.positionMm.every((mm) => Math.abs(mm) <= FARTHEST_MM)
  );
}
