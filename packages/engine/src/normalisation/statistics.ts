import { ConsiliumError } from '@consilium/errors';
import type { NormalisationOptions } from '../engine.js';

/** How a normalisation divides [images, height, width, channels] into sets that share a mean. */
export interface NormalisationLayout {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
  /** Rows of statistics: one for batch, one per image for group normalisation. */
  readonly rows: number;
  /** Channels that share a mean. */
  readonly channelsPerSet: number;
  /** Elements that share a mean. */
  readonly elementsPerSet: number;
}

/**
 * Checks the shape against the options.
 *
 * Errors   KERNEL_UNSUPPORTED when the groups do not divide the channels, or there is nothing to average.
 */
export function normalisationLayout(shape: readonly number[], options: NormalisationOptions): NormalisationLayout {
  const [images = 0, height = 0, width = 0, channels = 0] = shape;
  const pixels = height * width;
  const groups = options.kind === 'batch' ? channels : options.groups;
  if (shape.length !== 4 || images * pixels * channels === 0 || !(groups >= 1) || channels % groups !== 0) {
    throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'normalise', shape: shape.join('x'), groups });
  }
  const rows = options.kind === 'batch' ? 1 : images;
  const channelsPerSet = channels / groups;
  const elementsPerSet = channelsPerSet * pixels * (images / rows);
  return { images, pixels, channels, rows, channelsPerSet, elementsPerSet };
}

/** The first index of an image's row of statistics. */
export function rowStart(layout: NormalisationLayout, image: number): number {
  return layout.rows === 1 ? 0 : image * layout.channels;
}

/** Turns sums per row and channel into the mean of each set, written to every channel of the set. In place. */
export function averageSets(sums: Float64Array, layout: NormalisationLayout): Float64Array {
  const { channelsPerSet, elementsPerSet } = layout;
  for (let first = 0; first < sums.length; first += channelsPerSet) {
    const end = first + channelsPerSet;
    let sum = 0;
    for (let i = first; i < end; i++) sum += sums[i]!;
    const mean = sum / elementsPerSet;
    for (let i = first; i < end; i++) sums[i] = mean;
  }
  return sums;
}
