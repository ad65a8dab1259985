import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import type { Size } from './resize.js';

/** Distance between the centres of neighbouring rows and of neighbouring columns. */
export interface SpacingMm {
  readonly row: number;
  readonly column: number;
}

/** No side that is worked out from a pixel spacing may be longer: a header of 0.000001 mm would fill the memory. */
const MAXIMUM_SIDE = 8192;

/** Whether any step needs to know how large a pixel is. */
export function needsSpacing(how: Plan['preprocessing']): boolean {
  return how.spacingMm !== undefined || how.crop?.kind === 'centre-mm';
}

/**
 * The size in pixels of a picture whose pixels get another spacing; `resize` does the rest. The area that the picture shows stays, so
 * that the spacing is met to within half a pixel of a side.
 *
 * Units    pixels; spacings in mm.
 * Numbers  rounded to the nearest whole number, at least 1.
 * Errors   DATASET_UNSUITABLE: more than 8192 pixels.
 */
export function sizeAtSpacing(from: Size, spacing: SpacingMm, wanted: SpacingMm): Size {
  return sizeInPixels({ height: from.height * spacing.row, width: from.width * spacing.column }, wanted);
}

/**
 * The size in pixels of an area in mm.
 *
 * Numbers  rounded to the nearest whole number, at least 1.
 * Errors   DATASET_UNSUITABLE: more than 8192 pixels.
 */
export function sizeInPixels(areaMm: Size, spacing: SpacingMm): Size {
  const size = { height: pixels(areaMm.height / spacing.row), width: pixels(areaMm.width / spacing.column) };
  if (!(Math.max(size.height, size.width) <= MAXIMUM_SIDE))
    throw new ConsiliumError('DATASET_UNSUITABLE', {
      problem: 'a pixel spacing that makes a picture too large',
      ...size,
    });
  return size;
}

/** The spacing of a picture whose size in pixels has changed, but not the area that it shows. */
export function spacingAtSize(from: Size, spacing: SpacingMm, to: Size): SpacingMm {
  return { row: (spacing.row * from.height) / to.height, column: (spacing.column * from.width) / to.width };
}

/** Errors  DATASET_UNSUITABLE: a step that goes by mm would make the picture too large. */
export function requireModestSize(from: Size, spacing: SpacingMm, how: Plan['preprocessing']): void {
  const even = how.spacingMm ? sizeAtSpacing(from, spacing, how.spacingMm) : from;
  if (how.crop?.kind === 'centre-mm')
    sizeInPixels({ height: how.crop.heightMm, width: how.crop.widthMm }, spacingAtSize(from, spacing, even));
}

function pixels(length: number): number {
  return Math.max(Math.round(length), 1);
}
