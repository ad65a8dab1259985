import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { addressOf, elementsOf, newTensor, registerWasmKernel } from './context.js';

const GRADIENT_NORM = 'ConsiliumGradientNorm';
/** Elements of one partial sum; fixed, so that the order of additions is. */
const PIECE_ELEMENTS = 65_536;

/** The L2 norm over many tensors in one call; squares and sums in float64. */
export function registerGradientNorm(tf: Tf): void {
  registerWasmKernel(tf, GRADIENT_NORM, ({ inputs }, context) => {
    const { heap, pool } = context;
    const pieces = Object.values(inputs).flatMap((tensor) => {
      const size = tf.util.sizeFromShape(tensor.shape);
      const address = addressOf(context, tensor);
      return Array.from({ length: Math.ceil(size / PIECE_ELEMENTS) }, (_, i) => {
        const first = i * PIECE_ELEMENTS;
        return [address + first * 4, Math.min(PIECE_ELEMENTS, size - first)];
      });
    });
    const table = heap.scratch('pieces', pieces.length * 8);
    new Uint32Array(heap.memory.buffer, table, pieces.length * 2).set(pieces.flat());
    const to = heap.scratch('squares', pieces.length * 8);
    const norm = newTensor(context, []);
    pool.run('sumSquares', pieces.length, [table, to]);
    const sum = heap.float64(to, pieces.length).reduce((a, b) => a + b, 0);
    elementsOf(context, norm)[0] = Math.sqrt(sum);
    return norm;
  });
}

/** A scalar that the caller disposes. */
export function gradientNorm(tf: Tf, gradients: readonly Tensor[]): Scalar {
  return tf.engine().runKernel(GRADIENT_NORM, Object.fromEntries(gradients.entries())) as unknown as Scalar;
}
