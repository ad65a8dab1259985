import type { Tensor5D } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

interface TransposedAttributes {
  readonly strides: number | [number, number, number];
  readonly pad: 'valid' | 'same';
}

/** TensorFlow.js differentiates a transposed convolution of images, and not one of volumes; for every back end. */
export function registerTransposedConvolutionGradient(tf: Tf): void {
  tf.registerGradient({
    kernelName: 'Conv3DBackpropInputV2',
    inputsToSave: ['dy', 'filter'],
    gradFunc: (dys, saved, attrs) => {
      const { strides, pad } = attrs as unknown as TransposedAttributes;
      const [x, filter] = saved as [Tensor5D, Tensor5D];
      const dy = dys as Tensor5D;
      return {
        dy: () => tf.conv3d(dy, filter, strides, pad),
        filter: () =>
          tf
            .engine()
            .runKernel(
              'Conv3DBackpropFilterV2',
              { x: dy, dy: x },
              { strides, pad, filterShape: filter.shape },
            ) as Tensor5D,
      };
    },
  });
}
