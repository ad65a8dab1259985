import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { addressOf, elementsOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';
import { withoutNegativePadding } from './convolution-sizes.js';

type Triple = number | [number, number, number];
type Rounding = 'floor' | 'round' | 'ceil';

interface PoolingAttributes<Size> {
  readonly filterSize: Size;
  readonly strides: Size;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: Rounding;
}

type Shape5D = [number, number, number, number, number];

/** Maximum pooling of images and volumes on all threads; a tie goes to the first maximum, as in `MaxPoolGrad`. */
export function registerMaxPooling(tf: Tf): void {
  registerWasmKernel<PoolingAttributes<number | [number, number]>>(tf, 'MaxPool', ({ inputs, attrs }, context) => {
    const x = inputs.x!;
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const y = newTensor(context, info.outShape);
    context.pool.run('maxPool', info.batchSize * info.outHeight, [
      ...[addressOf(context, x), addressOf(context, y)],
      ...[1, info.inHeight, info.inWidth, info.inChannels, 1, info.outHeight, info.outWidth],
      ...[1, info.filterHeight, info.filterWidth, 1, info.strideHeight, info.strideWidth],
      ...[0, info.padInfo.top, info.padInfo.left],
    ]);
    return y;
  });

  registerWasmKernel<PoolingAttributes<Triple>>(tf, 'MaxPool3D', ({ inputs, attrs }, context) => {
    const x = inputs.x!;
    const info = describe(tf, x, attrs);
    const y = newTensor(context, info.outShape);
    const addresses = [addressOf(context, x), addressOf(context, y)];
    context.pool.run('maxPool', info.batchSize * info.outDepth * info.outHeight, [...addresses, ...numbers(info)]);
    return y;
  });

  registerWasmKernel<PoolingAttributes<Triple>>(tf, 'MaxPool3DGrad', ({ inputs, attrs }, context) =>
    gradient(tf, context, inputs.input!, inputs.dy!, attrs),
  );
}

function gradient(tf: Tf, context: WasmContext, x: TensorInfo, dy: TensorInfo, attrs: PoolingAttributes<Triple>) {
  const info = describe(tf, x, attrs);
  const dx = newTensor(context, x.shape);
  elementsOf(context, dx).fill(0);
  // Windows that share slices of the input belong to one item.
  const slices = info.filterDepth > info.strideDepth ? info.outDepth : 1;
  const addresses = [x, dy, dx].map((tensor) => addressOf(context, tensor));
  const items = (info.batchSize * info.outDepth) / slices;
  context.pool.run('maxPoolGradient3d', items, [...addresses, ...numbers(info), slices]);
  return dx;
}

function describe(
  tf: Tf,
  x: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolingAttributes<Triple>,
): backend_util.Conv3DInfo {
  const shape = x.shape as Shape5D;
  return withoutNegativePadding(tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode));
}

function numbers(info: backend_util.Conv3DInfo): number[] {
  return [
    ...[info.inDepth, info.inHeight, info.inWidth, info.inChannels, info.outDepth, info.outHeight, info.outWidth],
    ...[info.filterDepth, info.filterHeight, info.filterWidth],
    ...[info.strideDepth, info.strideHeight, info.strideWidth],
    ...[info.padInfo.front, info.padInfo.top, info.padInfo.left],
  ];
}
