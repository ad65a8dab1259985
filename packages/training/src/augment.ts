import type { Random } from '@consilium/models';
import type { Example, LearningTask } from './training.js';

/** One draw of the augmentation: the same for a picture and its mask. */
export interface Transformation {
  readonly mirrorX: boolean;
  readonly mirrorY: boolean;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly factor: number;
  readonly offset: number;
}

export const UNCHANGED: Transformation = {
  mirrorX: false,
  mirrorY: false,
  shiftX: 0,
  shiftY: 0,
  factor: 1,
  offset: 0,
};

/** Draws a transformation. What the plan switches off takes no number from the stream. */
export function drawTransformation(plan: LearningTask['augmentation'], random: Random): Transformation {
  const shift = (): number => (plan.shiftPixels === 0 ? 0 : random.integer(-plan.shiftPixels, plan.shiftPixels));
  const jitter = (): number => (plan.intensityJitter === 0 ? 0 : plan.intensityJitter * (2 * random.uniform() - 1));
  return {
    mirrorX: plan.flip !== 'none' && random.integer(0, 1) === 1,
    mirrorY: plan.flip === 'both' && random.integer(0, 1) === 1,
    shiftX: shift(),
    shiftY: shift(),
    factor: 1 + jitter(),
    offset: jitter(),
  };
}

/**
 * Writes an example into its place of a batch, transformed: mirrored first, then shifted; what comes in at the edge is 0.
 *
 * Shapes   `image` and `mask` are [height, width] of the batch, zero before; the example's own arrays are not changed.
 */
export function writeTransformed(
  example: Example,
  { height, width }: { readonly height: number; readonly width: number },
  t: Transformation,
  image: Float32Array,
  mask: Float32Array | undefined,
): void {
  for (let y = 0; y < height; y++) {
    const fromY = t.mirrorY ? height - 1 - (y - t.shiftY) : y - t.shiftY;
    if (fromY < 0 || fromY >= height) continue;
    for (let x = 0; x < width; x++) {
      const fromX = t.mirrorX ? width - 1 - (x - t.shiftX) : x - t.shiftX;
      if (fromX < 0 || fromX >= width) continue;
      const from = fromY * width + fromX;
      const to = y * width + x;
      image[to] = example.image[from]! * t.factor + t.offset;
      if (mask) mask[to] = example.mask![from] === 0 ? 0 : 1;
    }
  }
}
