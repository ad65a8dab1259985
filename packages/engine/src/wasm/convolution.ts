import { ConsiliumError } from '@consilium/errors';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { ConvolutionAttributes } from '../gradients/convolution-gradient.js';
import { addressOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';
import { asVolumes, type ConvolutionSizes, withoutNegativePadding } from './convolution-sizes.js';
import { convolve, filterGradient, inputGradient } from './convolve.js';
import { dilatedForward } from './dilated-convolution.js';

type Shape4D = [number, number, number, number];
type Shape5D = [number, number, number, number, number];

interface VolumeAttributes {
  readonly strides: number | [number, number, number];
  readonly pad: 'valid' | 'same';
  readonly dataFormat?: 'NDHWC' | 'NCDHW';
  readonly dilations?: number | [number, number, number];
}

/**
 * Convolution of images, forward and both gradients, for every size, stride and padding; the gradients of a dilated one
 * are made of others.
 */
export function registerConvolution(tf: Tf): void {
  registerWasmKernel<ConvolutionAttributes>(tf, 'Conv2D', (call, context) => {
    const [x, w] = [call.inputs.x!, call.inputs.filter!];
    const info = describe(tf, x.shape, w.shape, call.attrs);
    if (!info) return dilatedForward(tf, call, context);
    return into(context, convolve, asVolumes(info), x, w, info.outShape);
  });

  registerWasmKernel<ConvolutionAttributes & { inputShape: Shape4D }>(
    tf,
    'Conv2DBackpropInput',
    ({ inputs, attrs }, context) => {
      const [dy, w] = [inputs.dy!, inputs.filter!];
      const info = describe(tf, attrs.inputShape, w.shape, attrs);
      return info && into(context, inputGradient, asVolumes(info), dy, w, info.inShape);
    },
  );

  registerWasmKernel<ConvolutionAttributes & { filterShape: Shape4D }>(
    tf,
    'Conv2DBackpropFilter',
    ({ inputs, attrs }, context) => {
      const [x, dy] = [inputs.x!, inputs.dy!];
      const info = describe(tf, x.shape, attrs.filterShape, attrs);
      if (!info) throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'gradient of a dilated convolution' });
      return into(context, filterGradient, asVolumes(info), x, dy, info.filterShape);
    },
  );
}

/** The same of volumes; upstream's are scalar loops, left for what is dilated, in the other layout, or empty. */
export function registerVolumeConvolution(tf: Tf): void {
  registerWasmKernel<VolumeAttributes>(tf, 'Conv3D', ({ inputs, attrs }, context) => {
    const [x, w] = [inputs.x!, inputs.filter!];
    const info = describeVolumes(tf, x.shape, w.shape, attrs);
    return info && into(context, convolve, info, x, w, info.outShape);
  });

  registerWasmKernel<VolumeAttributes & { inputShape: Shape5D }>(
    tf,
    'Conv3DBackpropInputV2',
    ({ inputs, attrs }, context) => {
      const [dy, w] = [inputs.dy!, inputs.filter!];
      const info = describeVolumes(tf, attrs.inputShape, w.shape, attrs);
      return info && into(context, inputGradient, info, dy, w, info.inShape);
    },
  );

  registerWasmKernel<VolumeAttributes & { filterShape: Shape5D }>(
    tf,
    'Conv3DBackpropFilterV2',
    ({ inputs, attrs }, context) => {
      const [x, dy] = [inputs.x!, inputs.dy!];
      const info = describeVolumes(tf, x.shape, attrs.filterShape, attrs);
      return info && into(context, filterGradient, info, x, dy, info.filterShape);
    },
  );
}

function into(
  context: WasmContext,
  compute: typeof convolve,
  sizes: ConvolutionSizes,
  a: TensorInfo,
  b: TensorInfo,
  shape: readonly number[],
): TensorInfo {
  const result = newTensor(context, shape);
  const [from, other, to] = [a, b, result].map((tensor) => addressOf(context, tensor)) as [number, number, number];
  compute(context, sizes, from, other, to);
  return result;
}

/** The convolution's sizes; undefined for what our kernels do not do. */
function describe(
  tf: Tf,
  xShape: readonly number[],
  filterShape: readonly number[],
  attributes: ConvolutionAttributes,
): backend_util.Conv2DInfo | undefined {
  if (attributes.dataFormat && attributes.dataFormat !== 'NHWC') return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    xShape as Shape4D,
    filterShape as Shape4D,
    attributes.strides,
    attributes.dilations ?? 1,
    attributes.pad,
    attributes.dimRoundingMode,
    false,
    'channelsLast',
  );
  return isEmpty(info) || info.dilationHeight !== 1 || info.dilationWidth !== 1 ? undefined : info;
}

function describeVolumes(
  tf: Tf,
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dataFormat, dilations = 1 }: VolumeAttributes,
): backend_util.Conv3DInfo | undefined {
  if (dataFormat && dataFormat !== 'NDHWC') return undefined;
  const shapes = [xShape as Shape5D, filterShape as Shape5D] as const;
  const info = withoutNegativePadding(tf.backend_util.computeConv3DInfo(...shapes, strides, dilations, pad));
  const isDilated = info.dilationDepth !== 1 || info.dilationHeight !== 1 || info.dilationWidth !== 1;
  return isEmpty(info) || isDilated ? undefined : info;
}

function isEmpty({ inShape, outShape }: { inShape: readonly number[]; outShape: readonly number[] }): boolean {
  return [...inShape, ...outShape].some((size) => size === 0);
}
