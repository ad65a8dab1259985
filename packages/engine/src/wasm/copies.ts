import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { addressOf, newTensor, registerWasmKernel } from './context.js';

/** Identity shares its buffer; concatenation and splitting along the last axis copy rows on all threads. */
export function registerCopies(tf: Tf): void {
  // Right while nobody writes in place but the optimizer, which makes a shared variable its own first (adam.ts).
  registerWasmKernel(tf, 'Identity', ({ inputs }, { backend }) => {
    const x = inputs.x!;
    if (x.dtype === 'string') return undefined;
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });

  registerWasmKernel<{ axis: number }>(tf, 'Concat', ({ inputs, attrs }, context) => {
    const tensors = inputs as unknown as readonly TensorInfo[];
    const { shape } = tensors[0]!;
    if (!isLastAxis(tf, attrs.axis, shape) || tensors.some((x) => !isPlain(tf, x))) return undefined;
    const channels = tensors.reduce((sum, x) => sum + x.shape.at(-1)!, 0);
    const y = newTensor(context, [...shape.slice(0, -1), channels]);
    let to = addressOf(context, y);
    for (const x of tensors) {
      const bytes = x.shape.at(-1)! * 4;
      const rows = tf.util.sizeFromShape(x.shape.slice(0, -1));
      context.pool.run('copyRows', rows, [addressOf(context, x), bytes, to, channels * 4, bytes]);
      to += bytes;
    }
    return y;
  });

  registerWasmKernel<{ axis: number; numOrSizeSplits: number[] | number }>(tf, 'SplitV', (call, context) => {
    const x = call.inputs.x!;
    const last = x.shape.length - 1;
    if (!isPlain(tf, x) || !isLastAxis(tf, call.attrs.axis, x.shape)) return undefined;
    const sizes = tf.backend_util.prepareSplitSize(x as never, call.attrs.numOrSizeSplits, last);
    if (sizes.some((size) => size === 0)) return undefined;
    const rows = tf.util.sizeFromShape(x.shape.slice(0, -1));
    let offset = 0;
    return sizes.map((size) => {
      const y = newTensor(context, [...x.shape.slice(0, -1), size]);
      const from = addressOf(context, x) + offset;
      context.pool.run('copyRows', rows, [from, x.shape[last]! * 4, addressOf(context, y), size * 4, size * 4]);
      offset += size * 4;
      return y;
    });
  });
}

function isPlain(tf: Tf, x: TensorInfo): boolean {
  return x.dtype === 'float32' && x.shape.length > 0 && tf.util.sizeFromShape(x.shape) > 0;
}

function isLastAxis(tf: Tf, axis: number, shape: number[]): boolean {
  return tf.util.parseAxisParam(axis, shape)[0] === shape.length - 1;
}
