import type { SlicePlace } from '../decoding/decoded-file.js';

const PER_MM = 1000;

/**
 * Where a slice lies along the normal of its plane: slices of one stack are in order and at their distances by it.
 *
 * Units    mm, to a thousandth.
 * Source   DICOM PS3.3 C.7.6.2.1.1: the normal is the cross product of the row's and the column's direction.
 */
export function positionAlongNormalMm({ positionMm, orientation }: SlicePlace): number {
  const [rx, ry, rz, cx, cy, cz] = orientation;
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
  const along = positionMm.reduce((sum, value, axis) => sum + value * normal[axis]!, 0);
  return Math.round(along * PER_MM) / PER_MM + 0; // no negative zero: it has no place in canonical JSON
}
