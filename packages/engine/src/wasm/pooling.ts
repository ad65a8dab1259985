import type { Tf } from '../engine.js';
import { addressOf, newTensor, registerWasmKernel } from './context.js';

interface PoolingAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Upstream's gradient is slow, and gives a tie to the last maximum; `cpu` and this one give it to the first. */
export function registerPooling(tf: Tf): void {
  registerWasmKernel<PoolingAttributes>(tf, 'MaxPoolGrad', ({ inputs, attrs }, context) => {
    const [x, dy] = [inputs.input!, inputs.dy!];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const dx = newTensor(context, shape);
    context.pool.run('maxPoolGradient', info.batchSize, [
      ...[x, dy, dx].map((tensor) => addressOf(context, tensor)),
      ...[info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
      ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
      ...[info.padInfo.top, info.padInfo.left],
    ]);
    return dx;
  });
}
