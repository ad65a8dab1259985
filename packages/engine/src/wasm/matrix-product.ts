import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { addressOf, newTensor, registerWasmKernel } from './context.js';
import { asVolumes, type ConvolutionSizes } from './convolution-sizes.js';
import { directFilterGradient, directForward, directInputGradient } from './direct-convolution.js';

interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows of a matrix that count as one row of an image: enough for the kernels' tiles, few enough for L2. */
const MOST_PIXELS = 96;
/** Measured: up to here packing B costs more than upstream's product. */
const FEW_ROWS = 32;

/**
 * A matrix product is a 1x1 convolution: A B is its forward pass, A B^T the gradient of its input, A^T B that of its filter.
 * Upstream's transposed products, which every dense layer's gradient is made of, are scalar loops: 512x512x512 took
 * 100 to 280 ms, and takes 5 to 6. Upstream's are A^T B^T, which no gradient needs, and A B of few rows, where it is faster.
 */
export function registerMatrixProduct(tf: Tf): void {
  registerWasmKernel<ProductAttributes>(tf, 'BatchMatMul', ({ inputs, attrs }, context) => {
    const [a, b] = [inputs.a!, inputs.b!];
    const { transposeA, transposeB } = attrs;
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const batch = tf.util.sizeFromShape(outer);
    const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
    const stepA = batchStep(tf, a, batch);
    const stepB = batchStep(tf, b, batch);
    const isEmpty = batch * rowsA * columnsA * rowsB * columnsB === 0;
    const isUpstreams = transposeA ? transposeB : !transposeB && batch === 1 && rowsA <= FEW_ROWS;
    if (isUpstreams || isEmpty || stepA === undefined || stepB === undefined) return undefined;
    const [rows, columns] = [transposeA ? columnsA : rowsA, transposeB ? rowsB : columnsB];
    const y = newTensor(context, [...outer, rows, columns]);
    const [from, other, to] = [a, b, y].map((tensor) => addressOf(context, tensor)) as [number, number, number];
    for (let i = 0; i < batch; i++) {
      const addresses = [from + i * stepA, other + i * stepB, to + i * rows * columns * 4] as const;
      if (transposeA) directFilterGradient(context, asImages(tf, rowsA, columnsA, columnsB), ...addresses);
      else if (transposeB) directInputGradient(context, asImages(tf, rowsA, rowsB, columnsB), ...addresses);
      else directForward(context, asImages(tf, rowsA, columnsA, columnsB), ...addresses);
    }
    return y;
  });
}

/** Bytes from one matrix to the next, 0 for one that serves all; undefined where only some of the dimensions are shared. */
function batchStep(tf: Tf, { shape, dtype }: TensorInfo, batch: number): number | undefined {
  const count = tf.util.sizeFromShape(shape.slice(0, -2));
  if (dtype !== 'float32' || (count !== 1 && count !== batch)) return undefined;
  return count === 1 ? 0 : shape.at(-2)! * shape.at(-1)! * 4;
}

/** The 1x1 convolution of `rows` pixels from `channels` to `filters`. */
function asImages(tf: Tf, rows: number, channels: number, filters: number): ConvolutionSizes {
  let width = Math.min(rows, MOST_PIXELS);
  while (rows % width !== 0) width--;
  if (rows > MOST_PIXELS && width < 8) width = rows;
  const shape: [number, number, number, number] = [1, rows / width, width, channels];
  return asVolumes(tf.backend_util.computeConv2DInfo(shape, [1, 1, channels, filters], 1, 1, 'valid'));
}
