import type { Size } from './resize.js';

/**
 * Replaces each pixel by the median of the square of 2 x radius + 1 pixels around it: single bright or dark pixels vanish, edges stay.
 *
 * Shapes   [height, width] in and out, row-major.
 * Units    radius in pixels; a whole number, at least 1.
 * Numbers  every value of the result is one of the picture; edges are repeated.
 * Source   scipy.ndimage.median_filter with mode "nearest".
 */
export function medianFilter(grey: Float32Array, size: Size, radius: number): Float32Array {
  return radius === 1 ? medianOfNine(grey, size) : medianOfSquare(grey, size, radius);
}

/**
 * Sorts each column of three once. The median of the nine is the middle one of: the greatest of the three least, the middle one of the
 * three in the middle, and the least of the three greatest (Smith 1996).
 */
function medianOfNine(grey: Float32Array, { height, width }: Size): Float32Array {
  const smooth = new Float32Array(grey.length);
  const [least, between, greatest] = [
    new Float32Array(width + 2),
    new Float32Array(width + 2),
    new Float32Array(width + 2),
  ];
  for (let y = 0; y < height; y++) {
    const above = Math.max(y - 1, 0) * width;
    const row = y * width;
    const below = Math.min(y + 1, height - 1) * width;
    for (let x = -1; x <= width; x++) {
      const column = Math.min(Math.max(x, 0), width - 1);
      const a = grey[above + column]!;
      const b = grey[row + column]!;
      const c = grey[below + column]!;
      least[x + 1] = Math.min(a, b, c);
      between[x + 1] = middle(a, b, c);
      greatest[x + 1] = Math.max(a, b, c);
    }
    for (let x = 0; x < width; x++)
      smooth[row + x] = middle(
        Math.max(least[x]!, least[x + 1]!, least[x + 2]!),
        middle(between[x]!, between[x + 1]!, between[x + 2]!),
        Math.min(greatest[x]!, greatest[x + 1]!, greatest[x + 2]!),
      );
  }
  return smooth;
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function medianOfSquare(grey: Float32Array, { height, width }: Size, radius: number): Float32Array {
  const smooth = new Float32Array(grey.length);
  const square = new Float32Array((2 * radius + 1) ** 2);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let n = 0;
      for (let dy = -radius; dy <= radius; dy++) {
        const row = Math.min(Math.max(y + dy, 0), height - 1) * width;
        for (let dx = -radius; dx <= radius; dx++) square[n++] = grey[row + Math.min(Math.max(x + dx, 0), width - 1)]!;
      }
      smooth[y * width + x] = select(square, n >> 1);
    }
  return smooth;
}

/** The value that would be at `rank` if `values` were sorted; changes their order (Hoare 1961, algorithm 65). */
function select(values: Float32Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[rank]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const held = values[i]!;
      values[i++] = values[j]!;
      values[j--] = held;
    }
    if (j < rank) low = i;
    if (i > rank) high = j;
  }
  return values[rank]!;
}
