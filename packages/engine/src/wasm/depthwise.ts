import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { ConvolutionAttributes } from '../gradients/convolution-gradient.js';
import { addressOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';

type Shape4D = [number, number, number, number];

/** Partial sums of the filter's gradient; by shape alone, as the order of additions must not depend on the threads. */
const MOST_SLICES = 16;

/** Depthwise convolution and both gradients: any size, stride, padding, dilation and number of filters a channel. */
export function registerDepthwise(tf: Tf): void {
  registerWasmKernel<ConvolutionAttributes>(tf, 'DepthwiseConv2dNative', ({ inputs, attrs }, context) => {
    const [x, w] = [inputs.x!, inputs.filter!];
    const info = describe(tf, x.shape, w.shape, attrs);
    if (!info || x.dtype !== 'float32') return undefined;
    const y = newTensor(context, info.outShape);
    const addresses = [repeated(context, info, x), addressOf(context, w), addressOf(context, y)];
    context.pool.run('depthwiseForward', info.batchSize * info.outHeight, [...addresses, ...numbers(info)]);
    return y;
  });

  registerWasmKernel<ConvolutionAttributes & { inputShape: Shape4D }>(
    tf,
    'DepthwiseConv2dNativeBackpropInput',
    ({ inputs, attrs }, context) => {
      const info = describe(tf, attrs.inputShape, inputs.filter!.shape, attrs);
      if (!info) return undefined;
      const { batchSize, inHeight, inWidth, inChannels, outChannels } = info;
      const times = outChannels / inChannels;
      const dx = newTensor(context, info.inShape);
      const to = addressOf(context, dx);
      const pixels = batchSize * inHeight * inWidth;
      const wide = times === 1 ? to : context.heap.scratch('padded', pixels * outChannels * 4);
      const addresses = [addressOf(context, inputs.dy!), addressOf(context, inputs.filter!), wide];
      context.pool.run('depthwiseInputGradient', batchSize * inHeight, [...addresses, ...numbers(info)]);
      if (times > 1) context.pool.run('sumChannels', pixels, [wide, to, inChannels, times]);
      return dx;
    },
  );

  registerWasmKernel<ConvolutionAttributes & { filterShape: Shape4D }>(
    tf,
    'DepthwiseConv2dNativeBackpropFilter',
    ({ inputs, attrs }, context) => {
      const info = describe(tf, inputs.x!.shape, attrs.filterShape, attrs);
      if (!info) return undefined;
      const dw = newTensor(context, attrs.filterShape);
      const rows = info.batchSize * info.outHeight;
      const slices = Math.min(rows, MOST_SLICES);
      const bytes = info.filterHeight * info.filterWidth * info.outChannels * 4;
      const from = repeated(context, info, inputs.x!);
      const partial = context.heap.scratch('filterGradient', slices * bytes);
      const addresses = [from, addressOf(context, inputs.dy!), partial];
      context.pool.run('depthwiseFilterGradient', slices, [...addresses, rows, slices, ...numbers(info)]);
      context.pool.run('addSlices', Math.ceil(bytes / 1024), [partial, addressOf(context, dw), bytes, slices]);
      return dw;
    },
  );
}

/** The input with every channel as often as it has filters; the input itself where that is once. */
function repeated(context: WasmContext, info: backend_util.Conv2DInfo, x: TensorInfo): number {
  const { batchSize, inHeight, inWidth, inChannels, outChannels } = info;
  const from = addressOf(context, x);
  if (outChannels === inChannels) return from;
  const pixels = batchSize * inHeight * inWidth;
  const to = context.heap.scratch('padded', pixels * outChannels * 4);
  context.pool.run('repeatChannels', pixels, [from, to, inChannels, outChannels / inChannels]);
  return to;
}

function numbers(info: backend_util.Conv2DInfo): number[] {
  return [
    ...[info.inHeight, info.inWidth, info.outChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left],
  ];
}

/** The convolution's sizes; undefined for what our kernels do not do. */
function describe(
  tf: Tf,
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dataFormat, dilations, dimRoundingMode }: ConvolutionAttributes,
): backend_util.Conv2DInfo | undefined {
  if (dataFormat && dataFormat !== 'NHWC') return undefined;
  const shapes = [xShape as Shape4D, filterShape as Shape4D] as const;
  const info = tf.backend_util.computeConv2DInfo(...shapes, strides, dilations ?? 1, pad, dimRoundingMode, true);
  return [...info.inShape, ...info.outShape].includes(0) ? undefined : info;
}
