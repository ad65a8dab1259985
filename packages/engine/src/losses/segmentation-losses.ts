import { ConsiliumError } from '@consilium/errors';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { SegmentationLosses, Tf } from '../engine.js';

/** Our own kernels: (logits, masks) -> [crossEntropy, dice, ratios]; (logits, masks, ratios, two gradients) -> gradient. */
export const SEGMENTATION_LOSSES = 'ConsiliumCrossEntropyAndDice';
export const SEGMENTATION_LOSSES_GRADIENT = 'ConsiliumCrossEntropyAndDiceGradient';

/** Sums over the pixels of one image and structure; p is the sigmoid of the logit, y the mask. */
export interface PixelSums {
  readonly both: number;
  readonly scores: number;
  readonly masks: number;
}

/** {2 sum(p y) + 1, sum(p) + sum(y) + 1}: the soft Dice loss is 1 minus their quotient. */
export function diceRatio({ both, scores, masks }: PixelSums): [overlap: number, total: number] {
  return [2 * both + 1, scores + masks + 1];
}

/**
 * Binary cross-entropy and soft Dice loss of every image and structure, with a gradient by the logits. Two passes: one
 * for the values, one for the gradient.
 *
 * Shapes   logits and masks [N,H,W,S]; both losses [N,S], so that they add up over any division into batches.
 * Numbers  crossEntropy is the sum over the pixels, without overflow; dice is 1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1).
 *          Sums in float64.
 * Errors   KERNEL_UNSUPPORTED when the shapes differ or are empty.
 * Source   Milletari et al. 2016, arXiv:1606.04797, with plain sums in the denominator.
 */
export function segmentationLosses(tf: Tf, logits: Tensor4D, masks: Tensor4D): SegmentationLosses {
  requireSegmentation(tf, logits, masks);
  const outputs = tf.engine().runKernel(SEGMENTATION_LOSSES, { logits, masks }) as unknown as Tensor2D[];
  return { crossEntropy: outputs[0]!, dice: outputs[1]! };
}

export function requireSegmentation(tf: Tf, logits: Tensor, masks: Tensor): void {
  const isEmpty = tf.util.sizeFromShape(logits.shape) === 0;
  if (logits.shape.length !== 4 || isEmpty || !tf.util.arraysEqual(logits.shape, masks.shape))
    throw new ConsiliumError('KERNEL_UNSUPPORTED', {
      operation: 'crossEntropyAndDice',
      logits: logits.shape.join('x'),
      masks: masks.shape.join('x'),
    });
}

/** The derivative by the logits; the masks have none. */
export function registerSegmentationGradient(tf: Tf): void {
  if (tf.getGradient(SEGMENTATION_LOSSES)) return;
  tf.registerGradient({
    kernelName: SEGMENTATION_LOSSES,
    inputsToSave: ['logits', 'masks'],
    outputsToSave: [false, false, true],
    gradFunc: (dys, saved) => {
      const [logits, masks, ratios] = saved as [Tensor, Tensor, Tensor];
      const [crossEntropy, dice] = dys as Tensor[];
      const inputs = { logits, masks, ratios, crossEntropy: crossEntropy!, dice: dice! };
      return {
        logits: () => tf.engine().runKernel(SEGMENTATION_LOSSES_GRADIENT, inputs) as Tensor,
        masks: () => {
          throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'gradient of a loss by its masks' });
        },
      };
    },
  });
}

/**
 * dz = a (p - y) + (b y + c) p (1 - p) of one image and structure, from the ratio's two terms and the gradients of the
 * two losses.
 */
export function gradientCoefficients(
  overlap: number,
  total: number,
  dCrossEntropy: number,
  dDice: number,
): [a: number, b: number, c: number] {
  return [dCrossEntropy, (-2 * dDice) / total, (dDice * overlap) / total ** 2];
}
