import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { type ConvolutionAttributes, subImages } from '../gradients/convolution-gradient.js';
import type { KernelCall, WasmContext } from './context.js';

/**
 * A dilated convolution as ordinary ones of its sub-images, so that the Winograd kernels apply; undefined for what upstream
 * does: no dilation, the other layout, nothing to compute.
 */
export function dilatedForward(
  tf: Tf,
  { inputs, attrs, call }: KernelCall<ConvolutionAttributes>,
  { backend }: WasmContext,
): TensorInfo | undefined {
  const [image, filter] = [inputs.x!, inputs.filter!];
  const isEmpty = [...image.shape, ...filter.shape].includes(0);
  if (isEmpty || image.dtype !== 'float32' || (attrs.dataFormat && attrs.dataFormat !== 'NHWC')) return undefined;
  const { blockShape, paddings, crops } = subImages(tf, image.shape, filter.shape, attrs);
  if (blockShape[0] * blockShape[1] === 1) return undefined;
  const x = call('SpaceToBatchND', { x: image }, { blockShape, paddings });
  const y = call('Conv2D', { x, filter }, { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 });
  backend.disposeData(x.dataId);
  const whole = call('BatchToSpaceND', { x: y }, { blockShape, crops });
  backend.disposeData(y.dataId);
  return whole;
}
