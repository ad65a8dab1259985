import { ConsiliumError } from '@consilium/errors';

/** One picture of a contact sheet. `grey` is scaled to the picture's own 1st and 99th percentile. */
export interface ContactSheetPicture {
  readonly rows: number;
  readonly columns: number;
  readonly grey: ArrayLike<number>;
  /** Drawn as a white outline. */
  readonly mask?: ArrayLike<number>;
}

/** [height, width] of one byte each, row-major. */
export interface DrawnSheet {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const GAP_PIXELS = 4;
const BACKGROUND = 64;

/**
 * Pictures side by side, row by row, each in a cell as large as the largest one.
 *
 * Numbers  a picture of one value is black.
 * Errors   CONFIG_INVALID (no picture, none across).
 */
export function drawContactSheet(
  pictures: readonly ContactSheetPicture[],
  options: { readonly across: number },
): DrawnSheet {
  if (pictures.length === 0 || options.across < 1)
    throw new ConsiliumError('CONFIG_INVALID', { pictures: pictures.length });
  const cellRows = Math.max(...pictures.map((picture) => picture.rows)) + GAP_PIXELS;
  const cellColumns = Math.max(...pictures.map((picture) => picture.columns)) + GAP_PIXELS;
  const width = cellColumns * options.across;
  const height = cellRows * Math.ceil(pictures.length / options.across);
  const data = new Uint8Array(width * height).fill(BACKGROUND);
  pictures.forEach((picture, index) => {
    const top = Math.floor(index / options.across) * cellRows;
    const left = (index % options.across) * cellColumns;
    paste(data, width, top, left, picture);
  });
  return { width, height, data };
}

function paste(data: Uint8Array, width: number, top: number, left: number, picture: ContactSheetPicture): void {
  const { rows, columns, grey, mask } = picture;
  const sorted = Float32Array.from(grey).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))]!;
  const high = Math.max(low + 1e-6, sorted[Math.floor(0.99 * (sorted.length - 1))]!);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const i = row * columns + column;
      const tone = Math.round((255 * (grey[i]! - low)) / (high - low));
      const value = mask !== undefined && isOutline(mask, i, rows, columns) ? 255 : Math.min(255, Math.max(0, tone));
      data[(top + row) * width + left + column] = value;
    }
  }
}

function isOutline(mask: ArrayLike<number>, i: number, rows: number, columns: number): boolean {
  const [row, column] = [Math.floor(i / columns), i % columns];
  if (mask[i] === 0 || row === 0 || column === 0 || row === rows - 1 || column === columns - 1) return false;
  return [i - 1, i + 1, i - columns, i + columns].some((neighbour) => mask[neighbour] === 0);
}
