/** One line of pixels of each slice of a stack, all of the same length. */
export interface SliceLines {
  readonly lines: readonly Float32Array[];
  /** Places of the slices along the normal, growing. */
  readonly alongMm: readonly number[];
  /** The usual distance of two slices. */
  readonly spacingMm: number;
  /** Distance of two pixels of a line. */
  readonly pixelMm: number;
}

export interface CutPicture {
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
}

/** Slices that lie farther apart than so many usual distances have a gap between them. */
const GAP = 1.5;

/**
 * A cut across the slices of a stack, with square pixels: what a volume looks like from the side.
 *
 * Shapes   [rows, columns]; the last slice (the end of the normal) is at the top, each slice reaches half a distance to both sides.
 * Units    mm; `isoMm` is the side of a pixel of the cut.
 * Numbers  linear along the line and between neighbouring slices; in a gap, beyond the reach of a slice, the least value of all.
 */
export function cutAcross({ lines, alongMm, spacingMm, pixelMm }: SliceLines, isoMm: number): CutPicture {
  const [first = new Float32Array(0)] = lines;
  const start = (alongMm[0] ?? 0) - spacingMm / 2;
  const end = (alongMm.at(-1) ?? 0) + spacingMm / 2;
  const rows = Math.max(Math.round((end - start) / isoMm), 1);
  const columns = Math.max(Math.round((first.length * pixelMm) / isoMm), 1);
  const grey = new Float32Array(rows * columns).fill(leastOf(lines));
  let above = 0;
  for (let row = rows - 1; row >= 0; row--) {
    const at = start + ((rows - row - 0.5) * (end - start)) / rows;
    while (above < alongMm.length && alongMm[above]! <= at) above++;
    const mix = mixAt(at, alongMm, above, spacingMm);
    if (mix === undefined) continue;
    const [low, high, share] = mix;
    for (let column = 0; column < columns; column++) {
      const place = ((column + 0.5) * first.length) / columns - 0.5;
      grey[row * columns + column] = valueAt(lines[low]!, place) * (1 - share) + valueAt(lines[high]!, place) * share;
    }
  }
  return { rows, columns, grey };
}

/** The slices on both sides of a place and the share of the second; undefined in a gap. `above` is the first slice beyond it. */
function mixAt(
  at: number,
  alongMm: readonly number[],
  above: number,
  spacingMm: number,
): readonly [low: number, high: number, share: number] | undefined {
  const low = Math.max(above - 1, 0);
  const high = Math.min(above, alongMm.length - 1);
  const width = alongMm[high]! - alongMm[low]!;
  if (width === 0) return [low, low, 0];
  if (width <= GAP * spacingMm) return [low, high, (at - alongMm[low]!) / width];
  if (at - alongMm[low]! <= spacingMm / 2) return [low, low, 0];
  return alongMm[high]! - at <= spacingMm / 2 ? [high, high, 0] : undefined;
}

function valueAt(line: Float32Array, place: number): number {
  const at = Math.min(Math.max(place, 0), line.length - 1);
  const before = Math.floor(at);
  const after = Math.min(before + 1, line.length - 1);
  return line[before]! + (line[after]! - line[before]!) * (at - before);
}

function leastOf(lines: readonly Float32Array[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of lines) for (const value of line) if (value < least) least = value;
  return Number.isFinite(least) ? least : 0;
}
