/**
 * Morphological opening of a picture by a square: what is left when everything bright and thinner than it has been cut away.
 *
 * Shapes   levels is [rows, columns], row-major; `size` is odd.
 * Source   van Herk 1992, Pattern Recognition Letters 13: running extremes of blocks, forwards and backwards, so that the
 *          cost does not grow with the size.
 */
export function opened(levels: Float32Array, rows: number, columns: number, size: number): Float32Array {
  const eroded = negated(dilated(negated(levels), rows, columns, size));
  return dilated(eroded, rows, columns, size);
}

/** The largest level of the square around each pixel. */
export function dilated(levels: Float32Array, rows: number, columns: number, size: number): Float32Array {
  const window = { rows, columns, size };
  return along(across(levels, window), window);
}

interface Window {
  readonly rows: number;
  readonly columns: number;
  readonly size: number;
}

function negated(levels: Float32Array): Float32Array {
  const result = new Float32Array(levels.length);
  for (let i = 0; i < levels.length; i++) result[i] = -levels[i]!;
  return result;
}

/** The largest level of the window around each pixel in its row. */
function across(levels: Float32Array, { rows, columns, size }: Window): Float32Array {
  const half = (size - 1) / 2;
  const ahead = new Float32Array(columns);
  const back = new Float32Array(columns);
  const result = new Float32Array(levels.length);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let i = 0; i < columns; i++) {
      const level = levels[start + i]!;
      ahead[i] = i % size === 0 || ahead[i - 1]! < level ? level : ahead[i - 1]!;
    }
    for (let i = columns - 1; i >= 0; i--) {
      const level = levels[start + i]!;
      back[i] = i === columns - 1 || (i + 1) % size === 0 || back[i + 1]! < level ? level : back[i + 1]!;
    }
    for (let i = 0; i < columns; i++) {
      const from = Math.max(0, i - half);
      const to = Math.min(columns - 1, i + half);
      result[start + i] = largest(from, to, size, back[from]!, ahead[to]!);
    }
  }
  return result;
}

/** The same in its column; row by row, because that is how the memory lies. */
function along(levels: Float32Array, { rows, columns, size }: Window): Float32Array {
  const half = (size - 1) / 2;
  const ahead = levels.slice();
  const back = levels.slice();
  for (let row = 1; row < rows; row++) {
    if (row % size === 0) continue;
    for (let i = row * columns; i < (row + 1) * columns; i++)
      if (ahead[i - columns]! > ahead[i]!) ahead[i] = ahead[i - columns]!;
  }
  for (let row = rows - 2; row >= 0; row--) {
    if ((row + 1) % size === 0) continue;
    for (let i = row * columns; i < (row + 1) * columns; i++)
      if (back[i + columns]! > back[i]!) back[i] = back[i + columns]!;
  }
  const result = new Float32Array(levels.length);
  for (let row = 0; row < rows; row++) {
    const from = Math.max(0, row - half);
    const to = Math.min(rows - 1, row + half);
    for (let i = 0; i < columns; i++)
      result[row * columns + i] = largest(from, to, size, back[from * columns + i]!, ahead[to * columns + i]!);
  }
  return result;
}

/** `back` is the largest from `from` to the end of its block, `ahead` from the start of the block of `to` to `to`. */
function largest(from: number, to: number, size: number, back: number, ahead: number): number {
  const isOneBlock = Math.floor(from / size) === Math.floor(to / size);
  // At the border the window is cut and may lie in one block; one of the two then reaches beyond it.
  if (isOneBlock) return from % size === 0 ? ahead : back;
  return back > ahead ? back : ahead;
}
