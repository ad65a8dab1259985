import { ConsiliumError } from '@consilium/errors';

/** Crossings of a polygon's edges with rows of pixels; a real contour has thousands. */
const CROSSINGS_LIMIT = 2 ** 24;

/**
 * Pixels inside closed polygons, by their centres and the even-odd rule over all polygons: a polygon inside another is
 * a hole, and so is what a keyhole (a channel of no width to an inner boundary) leaves out. A centre on a left or upper
 * edge is inside, on a right or lower one outside, so that polygons that touch share no pixel.
 *
 * Shapes   [rows, columns], row-major, 0 or 1. A polygon is row, column, row, column, ... in pixels, 0 at the centre of
 *          the first.
 * Errors   DICOM_INVALID beyond CROSSINGS_LIMIT, before the time is spent.
 */
export function rasterise(polygons: readonly Float64Array[], rows: number, columns: number): Uint8Array {
  // A crossing flips every pixel to its right: mark it in its column and sum up afterwards.
  const flips = new Uint8Array(rows * (columns + 1));
  let crossings = 0;
  for (const polygon of polygons) {
    for (let i = 0; i < polygon.length; i += 2) {
      const next = (i + 2) % polygon.length;
      const isDown = polygon[i]! < polygon[next]!;
      const [upper, lower] = isDown ? [i, next] : [next, i];
      const [top, bottom] = [polygon[upper]!, polygon[lower]!];
      const first = Math.max(0, Math.ceil(top));
      const end = Math.min(rows, Math.ceil(bottom));
      crossings += Math.max(0, end - first);
      if (crossings > CROSSINGS_LIMIT) throw new ConsiliumError('DICOM_INVALID', { crossingsMore: CROSSINGS_LIMIT });
      const slope = (polygon[lower + 1]! - polygon[upper + 1]!) / (bottom - top);
      for (let row = first; row < end; row++) {
        const column = Math.ceil(polygon[upper + 1]! + (row - top) * slope);
        const at = row * (columns + 1) + Math.min(Math.max(column, 0), columns);
        flips[at] = flips[at]! ^ 1;
      }
    }
  }
  const mask = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let inside = 0;
    for (let column = 0; column < columns; column++) {
      inside ^= flips[row * (columns + 1) + column]!;
      mask[row * columns + column] = inside;
    }
  }
  return mask;
}
