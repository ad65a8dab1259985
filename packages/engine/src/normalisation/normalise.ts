import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NormalisationOptions, Normalised, Tf } from '../engine.js';
import { normalisationLayout } from './statistics.js';

/** Our own kernels: each back end registers both under these names. */
export const NORMALISE = 'ConsiliumNormalise';
export const NORMALISE_GRADIENT = 'ConsiliumNormaliseGradient';

/**
 * Normalises over batch and space, with scale, shift and an optional ReLU.
 *
 * Shapes   x [N,H,W,C]; scale and shift [C]; y as x; statistics [1 or N, C].
 * Numbers  statistics in float64; only x is kept for the gradient, which recomputes the rest.
 * Errors   KERNEL_UNSUPPORTED when the groups do not divide the channels.
 */
export function normalise(
  tf: Tf,
  x: Tensor4D,
  scale: Tensor1D,
  shift: Tensor1D,
  options: NormalisationOptions,
  kernel = NORMALISE,
): Normalised {
  normalisationLayout(x.shape, options);
  const [y, mean, reciprocalStdDev] = run(tf, kernel, { x, scale, shift }, options);
  return { y: y as Tensor4D, mean: mean as Tensor2D, reciprocalStdDev: reciprocalStdDev as Tensor2D };
}

/** Tells TensorFlow.js the derivative of `y`; none flows through the statistics. */
export function registerNormaliseGradient(tf: Tf): void {
  if (tf.getGradient(NORMALISE)) return;
  tf.registerGradient({
    kernelName: NORMALISE,
    inputsToSave: ['x', 'scale', 'shift'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, saved, attrs) => {
      const [x, scale, shift, mean, reciprocalStdDev] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const dy = (dys as Tensor[])[0]!;
      const inputs = { dy, x, scale, shift, mean, reciprocalStdDev };
      // Computed here, not in the closures: TensorFlow.js runs each of those in a tidy of its own.
      const [dx, dScale, dShift] = run(tf, NORMALISE_GRADIENT, inputs, attrs as unknown as NormalisationOptions);
      return { x: () => dx!, scale: () => dScale!, shift: () => dShift! };
    },
  });
}

function run(tf: Tf, kernel: string, inputs: Record<string, Tensor>, options: NormalisationOptions): Tensor[] {
  return tf.engine().runKernel(kernel, inputs, { ...options }) as unknown as Tensor[];
}
