import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { addressOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';

type Border = readonly (readonly [number, number])[];

/** Images cut into sub-images and put together again, on all threads; other shapes are upstream's. */
export function registerPhases(tf: Tf): void {
  registerWasmKernel<{ blockShape: number[]; paddings: Border }>(tf, 'SpaceToBatchND', ({ inputs, attrs }, context) => {
    const { blockShape, paddings } = attrs;
    if (!isImage(inputs.x!, blockShape)) return undefined;
    const [n, h, w, c] = inputs.x!.shape as Shape4D;
    const [blockH, blockW] = blockShape as [number, number];
    const [[top, bottom], [left, right]] = paddings as [readonly [number, number], readonly [number, number]];
    const shape: Shape4D = [n * blockH * blockW, (h + top + bottom) / blockH, (w + left + right) / blockW, c];
    return move(context, 'spaceToBatch', inputs.x!, shape, [n, h, w, c, blockH, blockW, top, left]);
  });
  registerWasmKernel<{ blockShape: number[]; crops: Border }>(tf, 'BatchToSpaceND', ({ inputs, attrs }, context) => {
    const { blockShape, crops } = attrs;
    if (!isImage(inputs.x!, blockShape)) return undefined;
    const [count, h, w, c] = inputs.x!.shape as Shape4D;
    const [blockH, blockW] = blockShape as [number, number];
    const [[top, bottom], [left, right]] = crops as [readonly [number, number], readonly [number, number]];
    const n = count / (blockH * blockW);
    const shape: Shape4D = [n, h * blockH - top - bottom, w * blockW - left - right, c];
    return move(context, 'batchToSpace', inputs.x!, shape, [n, h, w, c, blockH, blockW, top, left]);
  });
}

type Shape4D = [number, number, number, number];

function isImage({ shape, dtype }: TensorInfo, blockShape: readonly number[]): boolean {
  return dtype === 'float32' && shape.length === 4 && blockShape.length === 2 && !shape.includes(0);
}

function move(
  context: WasmContext,
  kernel: 'spaceToBatch' | 'batchToSpace',
  x: TensorInfo,
  shape: Shape4D,
  sizes: readonly number[],
): TensorInfo {
  const y = newTensor(context, shape);
  const [images, height, width] = shape;
  context.pool.run(kernel, images * height, [addressOf(context, x), addressOf(context, y), ...sizes, height, width]);
  return y;
}
