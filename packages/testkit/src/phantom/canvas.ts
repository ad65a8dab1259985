/** Patient coordinates: x to the right of the picture, y downwards, -1..1 over the standard field; one pose maps them to pixels. */
export interface Pose {
  /** Above 1 the patient fills more of the picture. */
  readonly zoom: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly rotationRadians: number;
}

/** Density at (x, y) that a shape adds; `value` is what is there already. */
export type Shape = (x: number, y: number, value: number) => number;

/** A picture of densities in which shapes are drawn in patient coordinates. */
export class Canvas {
  readonly values: Float32Array;
  readonly #cosine: number;
  readonly #sine: number;

  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly pose: Pose,
  ) {
    this.values = new Float32Array(rows * columns);
    this.#cosine = Math.cos(pose.rotationRadians);
    this.#sine = Math.sin(pose.rotationRadians);
  }

  /** Width of a pixel in patient coordinates: the softest edge that still looks sharp. */
  get pixel(): number {
    return 2 / (this.pose.zoom * Math.max(this.rows, this.columns));
  }

  /** Replaces the values within `reach` of (x, y), or everywhere. */
  draw(shape: Shape, near?: { readonly x: number; readonly y: number; readonly reach: number }): void {
    const { rows, columns, values, pose } = this;
    const half = Math.max(rows, columns) / 2;
    let [top, bottom, left, right] = [0, rows - 1, 0, columns - 1];
    if (near !== undefined) {
      const { row, column } = this.#toPixel(near.x, near.y);
      const reach = near.reach * pose.zoom * half + 1;
      [top, bottom] = [Math.max(0, Math.floor(row - reach)), Math.min(rows - 1, Math.ceil(row + reach))];
      [left, right] = [Math.max(0, Math.floor(column - reach)), Math.min(columns - 1, Math.ceil(column + reach))];
    }
    for (let row = top; row <= bottom; row++) {
      const v = (row + 0.5 - rows / 2) / half / pose.zoom - pose.shiftY;
      for (let column = left; column <= right; column++) {
        const u = (column + 0.5 - columns / 2) / half / pose.zoom - pose.shiftX;
        const x = u * this.#cosine + v * this.#sine;
        const y = v * this.#cosine - u * this.#sine;
        const i = row * columns + column;
        values[i] = shape(x, y, values[i]!);
      }
    }
  }

  #toPixel(x: number, y: number): { row: number; column: number } {
    const u = x * this.#cosine - y * this.#sine + this.pose.shiftX;
    const v = y * this.#cosine + x * this.#sine + this.pose.shiftY;
    const half = Math.max(this.rows, this.columns) / 2;
    return { row: v * this.pose.zoom * half + this.rows / 2, column: u * this.pose.zoom * half + this.columns / 2 };
  }
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** Distance from a point to a segment, and how far along it the nearest point lies (0..1). */
export function toSegment(
  x: number,
  y: number,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
): { distance: number; along: number } {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const along = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return { distance: Math.hypot(x - from.x - along * dx, y - from.y - along * dy), along };
}
