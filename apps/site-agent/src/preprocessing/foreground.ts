import type { Box } from './crop.js';
import type { Size } from './resize.js';

const BARS = 256;

/** The least and the greatest value. */
export function rangeOf(grey: Float32Array): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/**
 * Marks the bright pixels of a picture: those above the threshold that parts its grey values best in two.
 *
 * Shapes   [rows, columns] in and out, row-major; 1 is foreground.
 * Numbers  256 bars of equal width between the least and the greatest value; of equal thresholds the lowest. A picture of one
 *          value is all foreground.
 * Source   Otsu 1979, IEEE Trans. SMC 9(1): the greatest variance between the two classes.
 */
export function foregroundOf(grey: Float32Array): Uint8Array {
  const { low, high } = rangeOf(grey);
  const marked = new Uint8Array(grey.length);
  if (!(high > low)) return marked.fill(1);
  const scale = BARS / (high - low);
  const barOf = (value: number) => Math.min(Math.floor((value - low) * scale), BARS - 1);
  const counts = new Float64Array(BARS);
  for (let i = 0; i < grey.length; i++) counts[barOf(grey[i]!)]!++;
  const threshold = otsuBar(counts);
  for (let i = 0; i < grey.length; i++) marked[i] = barOf(grey[i]!) > threshold ? 1 : 0;
  return marked;
}

/** The last bar of the dark class. */
function otsuBar(counts: Float64Array): number {
  let total = 0;
  let sum = 0;
  counts.forEach((count, bar) => {
    total += count;
    sum += count * bar;
  });
  let [best, bestVariance, dark, darkSum] = [0, -1, 0, 0];
  for (let bar = 0; bar < BARS - 1; bar++) {
    dark += counts[bar]!;
    darkSum += counts[bar]! * bar;
    const bright = total - dark;
    if (dark === 0 || bright === 0) continue;
    const variance = dark * bright * (darkSum / dark - (sum - darkSum) / bright) ** 2;
    if (variance > bestVariance) [best, bestVariance] = [bar, variance];
  }
  return best;
}

/** A region of foreground that is smaller than so much of the largest one is not what the picture was taken for. */
const LEAST_SHARE = 0.1;

/**
 * The smallest box that holds the foreground's regions, with a margin on each side as far as the picture goes. Regions of less than a
 * tenth of the largest one's pixels do not count: a couch, a marker of a side, specks.
 *
 * Shapes   grey is [height, width], row-major.
 * Numbers  pixels that share an edge are of one region.
 */
export function foregroundBox(grey: Float32Array, size: Size, marginPixels: number): Box {
  const regions = regionsOf(foregroundOf(grey), size);
  const largest = regions.reduce((most, { pixels }) => Math.max(most, pixels), 0);
  const main = regions.filter(({ pixels }) => pixels >= LEAST_SHARE * largest);
  const edge = (of: (region: Region) => number, pick: (a: number, b: number) => number) =>
    main.map(of).reduce((a, b) => pick(a, b));
  const top = Math.max(edge((r) => r.top, Math.min) - marginPixels, 0);
  const left = Math.max(edge((r) => r.left, Math.min) - marginPixels, 0);
  const bottom = Math.min(edge((r) => r.bottom, Math.max) + marginPixels, size.height - 1);
  const right = Math.min(edge((r) => r.right, Math.max) + marginPixels, size.width - 1);
  return { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** Pixels of a region, and the rows and columns that it reaches. */
interface Region {
  pixels: number;
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Takes the marks away as it goes. */
function regionsOf(marked: Uint8Array, size: Size): Region[] {
  const regions: Region[] = [];
  const pending = new Int32Array(marked.length);
  for (let start = 0; start < marked.length; start++)
    if (marked[start] === 1) regions.push(takeRegion(marked, size, start, pending));
  return regions;
}

function takeRegion(marked: Uint8Array, { height, width }: Size, start: number, pending: Int32Array): Region {
  const region = { pixels: 0, top: height, bottom: -1, left: width, right: -1 };
  let waiting = 0;
  const visit = (i: number) => {
    marked[i] = 0;
    pending[waiting++] = i;
  };
  visit(start);
  while (waiting > 0) {
    const i = pending[--waiting]!;
    const x = i % width;
    const y = (i - x) / width;
    region.pixels++;
    if (y < region.top) region.top = y;
    if (y > region.bottom) region.bottom = y;
    if (x < region.left) region.left = x;
    if (x > region.right) region.right = x;
    if (x > 0 && marked[i - 1] === 1) visit(i - 1);
    if (x < width - 1 && marked[i + 1] === 1) visit(i + 1);
    if (y > 0 && marked[i - width] === 1) visit(i - width);
    if (y < height - 1 && marked[i + width] === 1) visit(i + width);
  }
  return region;
}
