import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import { clahe } from './clahe.js';
import { type Box, centredBox, cropTo } from './crop.js';
import { equalise } from './equalise.js';
import { foregroundBox } from './foreground.js';
import { gaussianFilter } from './gaussian-filter.js';
import { scaleIntensity } from './intensity.js';
import { medianFilter } from './median-filter.js';
import { type SpacingMm, sizeAtSpacing, sizeInPixels, spacingAtSize } from './resample.js';
import { resize, resizeMask, type Size } from './resize.js';

type Preprocessing = Plan['preprocessing'];

export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
  readonly mask: Uint8Array | undefined;
  readonly spacingMm?: SpacingMm | undefined;
}

export interface PreparedPicture {
  /** [height, width] of the plan. */
  readonly image: Float32Array;
  readonly mask: Uint8Array | undefined;
}

/** A picture and its mask, which has its size and moves with it, between two steps. */
interface Layers {
  readonly size: Size;
  readonly grey: Float32Array;
  readonly mask: Uint8Array | undefined;
  readonly spacingMm: SpacingMm | undefined;
}

/**
 * Does to a picture what the plan says, always in this order: denoise, resample to a spacing, scale grey values, spread contrast, crop,
 * fit to the plan's height and width. A step that the plan does not name is not done.
 *
 * Shapes   [rows, columns] -> [height, width] of the plan, row-major, picture and mask alike.
 * Units    grey in modality values; spacingMm in mm.
 * Numbers  steps of grey values see the whole picture, before it is cropped; what lies outside a picture is zero. The foreground of a
 *          crop is that of the modality values. Same input, same bits out.
 * Errors   DATASET_UNSUITABLE: the plan needs the pixel spacing, and the picture has none or one that makes it too large.
 */
export function preprocess(picture: Picture, how: Preprocessing): PreparedPicture {
  const { rows, columns, grey, mask, spacingMm } = picture;
  const size: Size = { height: rows, width: columns };
  const quiet = { size, grey: denoise(grey, size, how.denoise), mask, spacingMm };
  const even = how.spacingMm ? resized(quiet, sizeAtSpacing(size, known(spacingMm), how.spacingMm)) : quiet;
  const scaled = spread(scaleIntensity(even.grey, how.intensity), even.size, how.contrast);
  const cut = how.crop ? cropped({ ...even, grey: scaled }, cropBox(even, how.crop)) : { ...even, grey: scaled };
  const fitted = fit(cut, how);
  return { image: fitted.grey, mask: fitted.mask };
}

function denoise(grey: Float32Array, size: Size, how: Preprocessing['denoise']): Float32Array {
  if (how === undefined) return grey;
  return how.kind === 'median' ? medianFilter(grey, size, how.radius) : gaussianFilter(grey, size, how.sigmaPixels);
}

function spread(grey: Float32Array, size: Size, how: Preprocessing['contrast']): Float32Array {
  if (how === undefined) return grey;
  return how.kind === 'clahe' ? clahe(grey, size, how) : equalise(grey);
}

function resized(layers: Layers, to: Size): Layers {
  const { size, grey, mask, spacingMm } = layers;
  return {
    size: to,
    grey: resize(grey, size, to),
    mask: mask && resizeMask(mask, size, to),
    spacingMm: spacingMm && spacingAtSize(size, spacingMm, to),
  };
}

function cropped(layers: Layers, box: Box): Layers {
  const { size, grey, mask } = layers;
  return {
    ...layers,
    size: { height: box.height, width: box.width },
    grey: cropTo(grey, size, box),
    mask: mask && cropTo(mask, size, box),
  };
}

function cropBox({ size, grey, spacingMm }: Layers, how: NonNullable<Preprocessing['crop']>): Box {
  switch (how.kind) {
    case 'centre':
      return centredBox(size, { height: how.height, width: how.width });
    case 'centre-mm':
      return centredBox(size, sizeInPixels({ height: how.heightMm, width: how.widthMm }, known(spacingMm)));
    case 'foreground':
      return foregroundBox(grey, size, how.marginPixels);
  }
}

function fit(layers: Layers, how: Preprocessing): Layers {
  const frame: Size = { height: how.height, width: how.width };
  switch (how.fit) {
    case 'stretch':
      return resized(layers, frame);
    case 'pad': {
      const inner = sizeInside(layers.size, frame);
      return cropped(resized(layers, inner), centredBox(inner, frame));
    }
    case 'crop':
      return resized(cropped(layers, centredBox(layers.size, sizeInside(frame, layers.size))), frame);
  }
}

/** The largest size of a ratio that fits into a frame; at least one pixel each way. */
function sizeInside(ratio: Size, frame: Size): Size {
  const scale = Math.min(frame.height / ratio.height, frame.width / ratio.width);
  const side = (length: number, limit: number) => Math.min(Math.max(Math.round(length * scale), 1), limit);
  return { height: side(ratio.height, frame.height), width: side(ratio.width, frame.width) };
}

function known(spacingMm: SpacingMm | undefined): SpacingMm {
  if (spacingMm === undefined)
    throw new ConsiliumError('DATASET_UNSUITABLE', { problem: 'a picture without pixel spacing' });
  return spacingMm;
}
