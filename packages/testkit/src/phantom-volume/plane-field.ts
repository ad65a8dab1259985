import type { ImagePlane } from '@consilium/dicom';
import type { Point, Solid } from './solids.js';

/** A value at a point; it may depend on how deep inside the solid the point lies. */
export type Paint = number | ((depthMm: number, x: number, y: number, z: number) => number);

/** Values over one plane through the patient, of any direction, in which solids are painted one over the other. */
export class PlaneField {
  readonly values: Float32Array;
  readonly #origin: Point;
  readonly #alongRow: Point;
  readonly #alongColumn: Point;
  readonly #normal: Point;
  /** Width of an edge that is as sharp as the pixels allow. */
  readonly edgeMm: number;

  /** `offsetMm` moves the plane along its normal: a thick slice is the mean of several. */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly plane: ImagePlane,
    background: number,
    offsetMm = 0,
  ) {
    const [rx, ry, rz, cx, cy, cz] = plane.orientation;
    const [x, y, z] = plane.positionMm;
    const normal: Point = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
    this.#normal = normal;
    this.#origin = [x + offsetMm * normal[0], y + offsetMm * normal[1], z + offsetMm * normal[2]];
    this.#alongRow = [rx, ry, rz];
    this.#alongColumn = [cx, cy, cz];
    this.edgeMm = Math.max(plane.spacingMm.row, plane.spacingMm.column);
    this.values = new Float32Array(rows * columns).fill(background);
  }

  paint(solid: Solid, paint: Paint, edgeMm = this.edgeMm): void {
    const window = this.#windowOf(solid);
    if (window === undefined) return;
    const { values, columns } = this;
    const { row: stepDown, column: stepAlong } = this.plane.spacingMm;
    const [ox, oy, oz] = this.#origin;
    const [rx, ry, rz] = this.#alongRow;
    const [cx, cy, cz] = this.#alongColumn;
    for (let row = window.top; row <= window.bottom; row++) {
      const down = row * stepDown;
      for (let column = window.left; column <= window.right; column++) {
        const along = column * stepAlong;
        const x = ox + along * rx + down * cx;
        const y = oy + along * ry + down * cy;
        const z = oz + along * rz + down * cz;
        const depth = solid.depthAt(x, y, z);
        const share = Math.min(1, 0.5 + depth / edgeMm);
        if (share <= 0) continue;
        const i = row * columns + column;
        const value = typeof paint === 'number' ? paint : paint(depth, x, y, z);
        values[i]! += share * (value - values[i]!);
      }
    }
  }

  /** Pixels that the solid may touch; undefined if it does not reach the plane. */
  #windowOf({
    center,
    reachMm,
    isTall = false,
  }: Solid): { top: number; bottom: number; left: number; right: number } | undefined {
    const whole = { top: 0, bottom: this.rows - 1, left: 0, right: this.columns - 1 };
    const isSteep = isTall && Math.abs(this.#normal[2]) < 0.7;
    if (!Number.isFinite(reachMm) || isSteep) return whole;
    const [ox, oy, oz] = this.#origin;
    const level: Point = [center[0] - ox, center[1] - oy, center[2] - oz];
    const offset = isTall ? this.#onPlane(level) : level;
    const along = dot(offset, this.#alongRow);
    const down = dot(offset, this.#alongColumn);
    const squaredAway = dot(offset, offset) - along * along - down * down;
    // A plane cuts a tall solid at a slant: its cross-section is longer by less than half up to 45 degrees.
    const squaredReach = ((isTall ? 1.5 : 1) * reachMm + this.edgeMm) ** 2 - squaredAway;
    if (squaredReach <= 0) return undefined;
    const reach = Math.sqrt(squaredReach);
    const { row: stepDown, column: stepAlong } = this.plane.spacingMm;
    const window = {
      top: Math.max(whole.top, Math.floor((down - reach) / stepDown)),
      bottom: Math.min(whole.bottom, Math.ceil((down + reach) / stepDown)),
      left: Math.max(whole.left, Math.floor((along - reach) / stepAlong)),
      right: Math.min(whole.right, Math.ceil((along + reach) / stepAlong)),
    };
    return window.top > window.bottom || window.left > window.right ? undefined : window;
  }

  /** Where the vertical line through a point meets the plane. */
  #onPlane([x, y]: Point): Point {
    const normal = this.#normal;
    return [x, y, -(x * normal[0] + y * normal[1]) / normal[2]];
  }
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
