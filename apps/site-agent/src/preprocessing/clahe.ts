import { BARS, countValues, cumulativeShares } from './equalise.js';
import { rangeOf } from './foreground.js';
import type { Size } from './resize.js';

export interface ClaheOptions {
  /** Tiles each way; fewer where the picture has fewer pixels. */
  readonly tiles: number;
  /** Highest bar of a tile's histogram, as a multiple of the mean bar; at least 1, which changes nothing. */
  readonly clipLimit: number;
}

/**
 * Contrast limited adaptive histogram equalisation: each tile spreads its own grey values, but a bar of its histogram above the limit
 * is cut and what was cut spread over the others, so that no contrast grows more than by the limit, noise in even regions least of all.
 * Between the centres of tiles the results of the four nearest are mixed linearly.
 *
 * Shapes   [height, width] in and out, row-major; values from 0 to 1.
 * Numbers  256 bars, linear within a bar; 0 stays 0 and 1 stays 1. A picture of one value stays as it is.
 * Source   Pizer et al. 1987, CVGIP 39(3); Zuiderveld 1994, Graphics Gems IV, section VIII.5.
 */
export function clahe(grey: Float32Array, size: Size, { tiles, clipLimit }: ClaheOptions): Float32Array {
  const { low, high } = rangeOf(grey);
  if (!(high > low)) return grey.slice();
  const down = Math.min(tiles, size.height);
  const across = Math.min(tiles, size.width);
  const shares = tileShares(grey, size, { down, across, clipLimit });
  return mix(grey, size, shares, axisTiles(size.height, down), axisTiles(size.width, across), across);
}

/** The cumulative histogram of each tile: [down, across, bars + 1]. */
function tileShares(
  grey: Float32Array,
  { height, width }: Size,
  { down, across, clipLimit }: { down: number; across: number; clipLimit: number },
): Float64Array {
  const shares = new Float64Array(down * across * (BARS + 1));
  const counts = new Float64Array(BARS);
  for (let tile = 0; tile < down * across; tile++) {
    const [i, j] = [Math.floor(tile / across), tile % across];
    const [top, bottom] = [Math.floor((i * height) / down), Math.floor(((i + 1) * height) / down)];
    const [left, right] = [Math.floor((j * width) / across), Math.floor(((j + 1) * width) / across)];
    counts.fill(0);
    for (let y = top; y < bottom; y++) countValues(grey, y * width + left, y * width + right, counts);
    const total = (bottom - top) * (right - left);
    clip(counts, (clipLimit * total) / BARS);
    cumulativeShares(counts, total, shares.subarray(tile * (BARS + 1), (tile + 1) * (BARS + 1)));
  }
  return shares;
}

/** Spreads what is above the limit over the bars below it, until none is above. Each turn fills a bar or is the last. */
function clip(counts: Float64Array, limit: number): void {
  for (let turn = 0; turn < BARS; turn++) {
    let excess = 0;
    let below = 0;
    for (let bar = 0; bar < BARS; bar++) {
      const over = counts[bar]! - limit;
      if (over > 0) {
        excess += over;
        counts[bar] = limit;
      } else if (over < 0) below++;
    }
    if (excess === 0 || below === 0) return;
    for (let bar = 0; bar < BARS; bar++) if (counts[bar]! < limit) counts[bar]! += excess / below;
  }
}

/** For each pixel of an axis: the tile whose centre lies before it, the one after it, and the share of the latter. */
interface AxisTiles {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly share: Float64Array;
}

function axisTiles(pixels: number, tiles: number): AxisTiles {
  const axis = { before: new Int32Array(pixels), after: new Int32Array(pixels), share: new Float64Array(pixels) };
  for (let i = 0; i < pixels; i++) {
    const place = Math.min(Math.max(((i + 0.5) * tiles) / pixels - 0.5, 0), tiles - 1);
    const before = Math.floor(place);
    axis.before[i] = before;
    axis.after[i] = Math.min(before + 1, tiles - 1);
    axis.share[i] = place - before;
  }
  return axis;
}

function mix(
  grey: Float32Array,
  { height, width }: Size,
  shares: Float64Array,
  rows: AxisTiles,
  columns: AxisTiles,
  across: number,
): Float32Array {
  const mixed = new Float32Array(grey.length);
  for (let y = 0, i = 0; y < height; y++) {
    const above = rows.before[y]! * across;
    const below = rows.after[y]! * across;
    const down = rows.share[y]!;
    for (let x = 0; x < width; x++, i++) {
      const position = grey[i]! * BARS;
      const bar = Math.min(Math.floor(position), BARS - 1);
      const part = position - bar;
      const valueIn = (tile: number) => {
        const edge = tile * (BARS + 1) + bar;
        return shares[edge]! + part * (shares[edge + 1]! - shares[edge]!);
      };
      const left = columns.before[x]!;
      const right = columns.after[x]!;
      const share = columns.share[x]!;
      const upper = valueIn(above + left) * (1 - share) + valueIn(above + right) * share;
      const lower = valueIn(below + left) * (1 - share) + valueIn(below + right) * share;
      mixed[i] = upper * (1 - down) + lower * down;
    }
  }
  return mixed;
}
