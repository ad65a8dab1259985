import { ConsiliumError } from '@consilium/errors';
import type { AnnotatedImage } from '../annotations.js';
import { inPlane, pointAt, type SlicePlane } from '../geometry.js';

/** Parts of a pixel by which two grids may differ and still be one. */
const GRID_TOLERANCE = 0.01;

export interface PlanarMask {
  readonly rows: number;
  readonly columns: number;
  readonly plane: SlicePlane | undefined;
  /** [rows, columns], 0 or 1. */
  readonly values: Uint8Array;
}

/**
 * Sets the picture's pixels whose nearest pixel of the mask is set; outside the mask nothing is. Equal grids are taken
 * as they are; so are equal sizes where either side does not say where it lies.
 *
 * Shapes   `into` is [rows, columns] of the picture.
 * Errors   MASK_SIZE_MISMATCH when the sizes differ and a plane is missing.
 */
export function drawMask(mask: PlanarMask, image: AnnotatedImage, into: Uint8Array): void {
  const { rows, columns, values } = mask;
  const isSameSize = rows === image.rows && columns === image.columns;
  if (mask.plane === undefined || image.plane === undefined) {
    if (!isSameSize)
      throw new ConsiliumError('MASK_SIZE_MISMATCH', {
        rows: image.rows,
        columns: image.columns,
        height: rows,
        width: columns,
      });
    copy(values, into);
    return;
  }
  // The map between two grids in one plane is affine: three points give it.
  const place = (row: number, column: number) => inPlane(mask.plane!, pointAt(image.plane!, row, column));
  const [first, last] = [place(0, 0), place(image.rows - 1, image.columns - 1)];
  const isSame = (at: { row: number; column: number }, row: number, column: number) =>
    Math.abs(at.row - row) < GRID_TOLERANCE && Math.abs(at.column - column) < GRID_TOLERANCE;
  const corner = place(0, image.columns - 1);
  if (isSameSize && isSame(first, 0, 0) && isSame(last, rows - 1, columns - 1) && isSame(corner, 0, columns - 1)) {
    copy(values, into);
    return;
  }
  const [down, right] = [place(1, 0), place(0, 1)];
  const step = {
    down: { row: down.row - first.row, column: down.column - first.column },
    right: { row: right.row - first.row, column: right.column - first.column },
  };
  for (let r = 0, i = 0; r < image.rows; r++) {
    for (let c = 0; c < image.columns; c++, i++) {
      const row = Math.round(first.row + r * step.down.row + c * step.right.row);
      const column = Math.round(first.column + r * step.down.column + c * step.right.column);
      if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
      if (values[row * columns + column] === 1) into[i] = 1;
    }
  }
}

function copy(values: Uint8Array, into: Uint8Array): void {
  for (let i = 0; i < values.length; i++) if (values[i] === 1) into[i] = 1;
}
