import { rasterise } from './rasterise.js';

export interface PlanarContour {
  /** Row, column, row, column, ... in pixels, 0 at the centre of the first. */
  readonly polygon: Float64Array;
  /** Whether it was drawn to be combined by exclusive or (CLOSEDPLANAR_XOR). */
  readonly isXor: boolean;
}

/** Pixels by which two contours may differ and still be one that was written twice. */
const SAME_CONTOUR_PIXELS = 0.25;

/** The pixels of one contour, cut to what it covers of the picture. */
interface Area {
  readonly polygon: Float64Array;
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  readonly mask: Uint8Array;
}

/**
 * The pixels that contours of one structure enclose in one picture. A contour that is written twice counts once; one that lies
 * wholly inside another is a hole in it, and one inside the hole an island; those that overlap in part are united. Contours
 * of the kind CLOSEDPLANAR_XOR follow the even-odd rule among themselves.
 *
 * Shapes   [rows, columns], row-major, 0 or 1.
 * Errors   DICOM_INVALID, as `rasterise`.
 * Source   DICOM PS3.3 C.8.8.6.3.
 */
export function regionOf(contours: readonly PlanarContour[], rows: number, columns: number): Uint8Array {
  const xor = contours.filter(({ isXor }) => isXor).map(({ polygon }) => polygon);
  const region = rasterise(xor, rows, columns);
  const areas = withoutRepeats(
    contours.flatMap(({ polygon, isXor }) => (isXor ? [] : (areaOf(polygon, rows, columns) ?? []))),
  );
  const containers = areas.map((inner) => areas.filter((outer) => outer !== inner && isInside(inner, outer)));
  const depths = new Map<Area, number>();
  const depthOf = (area: Area): number => {
    const known = depths.get(area);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(-1, ...containers[areas.indexOf(area)]!.map(depthOf));
    depths.set(area, depth);
    return depth;
  };
  for (const [i, area] of areas.entries()) {
    if (depthOf(area) % 2 === 1) continue;
    const holes = areas.filter((other, j) => depthOf(other) % 2 === 1 && containers[j]!.includes(areas[i]!));
    fill(area, holes, region, columns);
  }
  return region;
}

/** Undefined where it covers nothing of the picture. */
function areaOf(polygon: Float64Array, rows: number, columns: number): Area | undefined {
  let [top, left, bottom, right] = [rows, columns, -1, -1];
  for (let i = 0; i < polygon.length; i += 2) {
    top = Math.min(top, Math.floor(polygon[i]!));
    bottom = Math.max(bottom, Math.ceil(polygon[i]!));
    left = Math.min(left, Math.floor(polygon[i + 1]!));
    right = Math.max(right, Math.ceil(polygon[i + 1]!));
  }
  [top, left] = [Math.max(top, 0), Math.max(left, 0)];
  const [height, width] = [Math.min(bottom, rows - 1) - top + 1, Math.min(right, columns - 1) - left + 1];
  if (height <= 0 || width <= 0) return undefined;
  const moved = polygon.map((value, i) => value - (i % 2 === 0 ? top : left));
  return { polygon, top, left, rows: height, columns: width, mask: rasterise([moved], height, width) };
}

function withoutRepeats(areas: readonly Area[]): Area[] {
  const kept: Area[] = [];
  for (const area of areas) if (!kept.some((other) => isSameContour(area, other))) kept.push(area);
  return kept;
}

function isSameContour(a: Area, b: Area): boolean {
  const isNear = (x: number, y: number) => Math.abs(x - y) <= 1;
  if (!isNear(a.top, b.top) || !isNear(a.left, b.left) || !isNear(a.rows, b.rows) || !isNear(a.columns, b.columns))
    return false;
  return follows(a.polygon, b.polygon) && follows(b.polygon, a.polygon);
}

/** Whether every corner of one polygon lies on the line of the other. */
function follows(corners: Float64Array, line: Float64Array): boolean {
  for (let i = 0; i < corners.length; i += 2)
    if (distanceTo(line, corners[i]!, corners[i + 1]!) > SAME_CONTOUR_PIXELS) return false;
  return true;
}

function distanceTo(line: Float64Array, row: number, column: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < line.length; i += 2) {
    const next = (i + 2) % line.length;
    const [r, c] = [line[i]!, line[i + 1]!];
    const [dr, dc] = [line[next]! - r, line[next + 1]! - c];
    const length = dr * dr + dc * dc;
    const at = length === 0 ? 0 : Math.min(1, Math.max(0, ((row - r) * dr + (column - c) * dc) / length));
    least = Math.min(least, Math.hypot(row - r - at * dr, column - c - at * dc));
  }
  return least;
}

/** Whether a polygon lies wholly inside another: every corner, on the line or within. */
function isInside(inner: Area, outer: Area): boolean {
  const { top, left, rows, columns } = inner;
  const isWithin =
    top >= outer.top - 1 &&
    left >= outer.left - 1 &&
    top + rows <= outer.top + outer.rows + 1 &&
    left + columns <= outer.left + outer.columns + 1;
  if (!isWithin) return false;
  const { polygon } = inner;
  for (let i = 0; i < polygon.length; i += 2) {
    const [row, column] = [polygon[i]!, polygon[i + 1]!];
    if (!encloses(outer.polygon, row, column) && distanceTo(outer.polygon, row, column) > 1e-6) return false;
  }
  return !crosses(inner.polygon, outer.polygon);
}

/** By the edges that a ray to the left crosses. */
function encloses(polygon: Float64Array, row: number, column: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [r1, c1, r2, c2] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!];
    if (r1 > row !== r2 > row && column >= c1 + ((row - r1) * (c2 - c1)) / (r2 - r1)) inside = !inside;
  }
  return inside;
}

/** Whether an edge of one polygon goes through one of the other; touching is no crossing. */
function crosses(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i += 2) {
    const i2 = (i + 2) % a.length;
    for (let j = 0; j < b.length; j += 2) {
      const j2 = (j + 2) % b.length;
      const sides = [side(b, j, j2, a, i) * side(b, j, j2, a, i2), side(a, i, i2, b, j) * side(a, i, i2, b, j2)];
      if (sides.every((product) => product < 0)) return true;
    }
  }
  return false;
}

/** On which side of the edge from `from` to `to` a corner of another polygon lies. */
function side(edge: Float64Array, from: number, to: number, of: Float64Array, corner: number): number {
  const [r, c] = [edge[from]!, edge[from + 1]!];
  return (edge[to]! - r) * (of[corner + 1]! - c) - (edge[to + 1]! - c) * (of[corner]! - r);
}

function fill(area: Area, holes: readonly Area[], region: Uint8Array, columns: number): void {
  for (let r = 0; r < area.rows; r++)
    for (let c = 0; c < area.columns; c++) {
      const [row, column] = [area.top + r, area.left + c];
      if (area.mask[r * area.columns + c] === 1 && !holes.some((hole) => isSet(hole, row, column)))
        region[row * columns + column] = 1;
    }
}

function isSet({ top, left, rows, columns, mask }: Area, row: number, column: number): boolean {
  const [r, c] = [row - top, column - left];
  return r >= 0 && c >= 0 && r < rows && c < columns && mask[r * columns + c] === 1;
}
