import { join } from 'node:path';
import { type CutPicture, cutAcross, type SliceStack } from '@consilium/dicom';
import type { DecodePool } from '../decoding/decode-pool.js';
import { resize } from '../preprocessing/resize.js';
import type { SeriesSlice } from './read-series.js';

/** A volume from three sides, through its middle. Pixels are square and of one size. */
export interface VolumeViews {
  /** The middle slice. */
  readonly slice: CutPicture;
  /** Along the rows and across the slices: coronal where slices are axial. */
  readonly rows: CutPicture;
  /** Along the columns and across the slices: sagittal where slices are axial. */
  readonly columns: CutPicture;
}

/** Longest side of a view. */
const MAXIMUM_SIDE = 1024;

/**
 * Cuts a stack in the middle. Slices are read one by one and of each only a row and a column is kept, so that memory does not
 * grow with the volume.
 *
 * Units    a pixel is as large as the smaller side of the slices' pixels; larger where a view would be longer than 1024 pixels.
 * Errors   those of `DecodePool.read`.
 */
export async function viewVolume(
  stack: SliceStack & { readonly spacingMm: number },
  slices: readonly SeriesSlice[],
  folder: string,
  pool: DecodePool,
  signal: AbortSignal,
): Promise<VolumeViews> {
  const { rows, columns, pixelSpacingMm } = slices[stack.order[0]!]!;
  const spacing = isLikely(pixelSpacingMm) ? pixelSpacingMm : { row: 1, column: 1 };
  const acrossRows: Float32Array[] = [];
  const acrossColumns: Float32Array[] = [];
  let middle = new Float32Array(rows * columns);
  const middleAt = stack.order[stack.order.length >> 1]!;
  let open: { file: string; frames: readonly { grey: Float32Array }[] } | undefined;
  for (const index of stack.order) {
    const { file, frame } = slices[index]!;
    if (open?.file !== file) open = { file, frames: (await pool.read(join(folder, file), signal)).frames };
    const grey = open.frames[frame]!.grey;
    if (index === middleAt) middle = grey.slice();
    const row = (rows >> 1) * columns;
    acrossRows.push(grey.slice(row, row + columns));
    acrossColumns.push(Float32Array.from({ length: rows }, (_, y) => grey[y * columns + (columns >> 1)]!));
  }
  const { alongMm, spacingMm } = stack;
  const depthMm = alongMm.at(-1)! - alongMm[0]! + spacingMm;
  const longestMm = Math.max(depthMm, rows * spacing.row, columns * spacing.column);
  const isoMm = Math.max(Math.min(spacing.row, spacing.column), longestMm / MAXIMUM_SIDE);
  const size = { height: pixels((rows * spacing.row) / isoMm), width: pixels((columns * spacing.column) / isoMm) };
  return {
    slice: { rows: size.height, columns: size.width, grey: resize(middle, { height: rows, width: columns }, size) },
    rows: cutAcross({ lines: acrossRows, alongMm, spacingMm, pixelMm: spacing.column }, isoMm),
    columns: cutAcross({ lines: acrossColumns, alongMm, spacingMm, pixelMm: spacing.row }, isoMm),
  };
}

/** A header may say anything; a pixel of less than a tenth of a micrometre or more than 10 m is drawn as one of 1 mm. */
function isLikely(spacing: SeriesSlice['pixelSpacingMm']): spacing is NonNullable<SeriesSlice['pixelSpacingMm']> {
  return spacing !== undefined && [spacing.row, spacing.column].every((mm) => mm > 1e-4 && mm < 1e4);
}

function pixels(length: number): number {
  return Math.max(Math.round(length), 1);
}
