/** A closed polygon: columns and rows in turn, where whole numbers are centres of pixels. The last point is not the first again. */
export type Contour = readonly number[];

/**
 * Closed outlines of a mask: one around each part of it, and one around each hole. They run through the middles between a
 * pixel inside and one outside, so that filling them (even-odd, by pixel centre) gives the mask back exactly. Pixels that
 * touch at a corner alone are parts of their own.
 *
 * Shapes   mask is [rows, columns], row-major, not 0 inside; its border may be inside.
 * Source   Lorensen and Cline 1987, in two dimensions (marching squares).
 */
export function maskContours(mask: ArrayLike<number>, rows: number, columns: number): Contour[] {
  const next = segments(mask, rows, columns);
  const contours: Contour[] = [];
  for (const start of next.keys()) {
    const points: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined) {
      const point = pointOf(at, columns);
      points.push(...point);
      const to = next.get(at);
      next.delete(at);
      at = to === start ? undefined : to;
    }
    contours.push(withoutStraights(points));
  }
  return contours;
}

/**
 * The steps of all outlines, from middle to middle, with the inside at their right hand as the picture is seen. A middle has
 * the number (2 row + 2) x stride + 2 column + 2, so that the frame of zeros around the picture has numbers too.
 */
function segments(mask: ArrayLike<number>, rows: number, columns: number): Map<number, number> {
  const stride = strideOf(columns);
  const isIn = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < rows && column < columns && mask[row * columns + column] !== 0;
  const next = new Map<number, number>();
  for (let row = -1; row < rows; row++) {
    for (let column = -1; column < columns; column++) {
      const [a, b] = [isIn(row, column), isIn(row, column + 1)];
      const [d, c] = [isIn(row + 1, column), isIn(row + 1, column + 1)];
      if (a === b && b === c && c === d) continue;
      const corner = (2 * row + 2) * stride + 2 * column + 2;
      const middles = [corner + 1, corner + stride + 2, corner + 2 * stride + 1, corner + stride] as const;
      addSteps(next, [a, b, c, d], middles);
    }
  }
  return next;
}

/** Corners and middles go around the cell: corner k lies between middle k - 1 and middle k. */
function addSteps(
  next: Map<number, number>,
  corners: readonly [boolean, boolean, boolean, boolean],
  middles: readonly [number, number, number, number],
): void {
  // A step enters where the border of the cell goes from outside to inside, and leaves where that run of corners ends.
  for (let k = 0; k < 4; k++) {
    const isEntry = !corners[k] && corners[(k + 1) % 4];
    if (!isEntry) continue;
    let last = (k + 1) % 4;
    while (corners[(last + 1) % 4]) last = (last + 1) % 4;
    next.set(middles[k]!, middles[last]!);
  }
}

function strideOf(columns: number): number {
  return 2 * columns + 3;
}

function pointOf(middle: number, columns: number): [number, number] {
  const stride = strideOf(columns);
  return [((middle % stride) - 2) / 2, (Math.floor(middle / stride) - 2) / 2];
}

function withoutStraights(points: readonly number[]): Contour {
  const count = points.length / 2;
  const at = (index: number) => {
    const i = (index + count) % count;
    return [points[2 * i]!, points[2 * i + 1]!] as const;
  };
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    const [before, here, after] = [at(i - 1), at(i), at(i + 1)];
    const turn = (here[0] - before[0]) * (after[1] - here[1]) - (here[1] - before[1]) * (after[0] - here[0]);
    if (turn !== 0) kept.push(...here);
  }
  return kept;
}
