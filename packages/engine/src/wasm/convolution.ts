import { ConsiliumError } from '@consilium/errors';
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import type { ConvolutionAttributes } from '../gradients/convolution-gradient.js';
import { addressOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';
import { dilatedForward } from './dilated-convolution.js';
import { directFilterGradient, directForward, directInputGradient } from './direct-convolution.js';
import { isNarrowPointwise, narrowFilterGradient } from './pointwise-convolution.js';
import {
  isWinograd,
  winogradFilterGradient,
  winogradForward,
  winogradInputGradient,
  winogradShape,
} from './winograd.js';

type Shape4D = [number, number, number, number];

/** Convolution, forward and both gradients, for every size, stride and padding; the gradients of a dilated one are made of others. */
export function registerConvolution(tf: Tf): void {
  registerWasmKernel<ConvolutionAttributes>(tf, 'Conv2D', (call, context) => {
    const { inputs, attrs } = call;
    const [x, w] = [inputs.x!, inputs.filter!];
    const info = describe(tf, x.shape, w.shape, attrs);
    if (!info) return dilatedForward(tf, call, context);
    const y = newTensor(context, info.outShape);
    const [from, filter, to] = [x, w, y].map((tensor) => addressOf(context, tensor)) as [number, number, number];
    if (isWinograd(info)) winogradForward(context, winogradShape(info), from, filter, to);
    else directForward(context, info, from, filter, to);
    return y;
  });

  registerWasmKernel<ConvolutionAttributes & { inputShape: Shape4D }>(
    tf,
    'Conv2DBackpropInput',
    ({ inputs, attrs }, context) => {
      const [dy, w] = [inputs.dy!, inputs.filter!];
      const info = describe(tf, attrs.inputShape, w.shape, attrs);
      if (!info) return undefined;
      const dx = newTensor(context, info.inShape);
      const [from, filter, to] = [dy, w, dx].map((tensor) => addressOf(context, tensor)) as [number, number, number];
      if (isWinograd(info)) winogradInputGradient(context, winogradShape(info), from, filter, to);
      else directInputGradient(context, info, from, filter, to);
      return dx;
    },
  );

  registerWasmKernel<ConvolutionAttributes & { filterShape: Shape4D }>(
    tf,
    'Conv2DBackpropFilter',
    ({ inputs, attrs }, context) => {
      const [x, dy] = [inputs.x!, inputs.dy!];
      const info = describe(tf, x.shape, attrs.filterShape, attrs);
      if (!info) throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'gradient of a dilated convolution' });
      const dw = newTensor(context, info.filterShape);
      const [from, gradient, to] = [x, dy, dw].map((tensor) => addressOf(context, tensor)) as [number, number, number];
      filterGradient(context, info, from, gradient, to);
      return dw;
    },
  );
}

function filterGradient(context: WasmContext, info: backend_util.Conv2DInfo, x: number, dy: number, dw: number): void {
  if (isWinograd(info)) winogradFilterGradient(context, winogradShape(info), x, dy, dw);
  else if (isNarrowPointwise(info)) narrowFilterGradient(context, info, x, dy, dw);
  else directFilterGradient(context, info, x, dy, dw);
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
  const isEmpty = [...info.inShape, ...info.outShape].some((size) => size === 0);
  return isEmpty || info.dilationHeight !== 1 || info.dilationWidth !== 1 ? undefined : info;
}
