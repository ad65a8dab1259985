import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

/**
 * Our own kernel (x, dy): dy where x is positive, else 0. Back ends without it multiply dy with a step. The output of the
 * ReLU serves as `x`: it is positive where the input is, and who reads it keeps it anyway.
 */
export const RELU_GRADIENT = 'ConsiliumReluGradient';

/** The derivative of a ReLU in one pass instead of three (step, cast, product). */
export function registerReluGradient(tf: Tf): void {
  tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dys, saved) => {
      const [x] = saved as [Tensor];
      const dy = dys as Tensor;
      return {
        x: () =>
          tf.getKernel(RELU_GRADIENT, tf.getBackend())
            ? (tf.engine().runKernel(RELU_GRADIENT, { x, dy }) as Tensor)
            : tf.mul(dy, tf.step(x)),
      };
    },
  });
}
