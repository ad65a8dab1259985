import type { TensorInfo } from '@tensorflow/tfjs-core';
import { contiguousAxes, type Middle } from '../contiguous-axes.js';
import type { Tf } from '../engine.js';
import { addressOf, elementsOf, type KernelCall, newTensor, registerWasmKernel, type WasmContext } from './context.js';

interface SumAttributes {
  readonly axis: number | number[] | null;
  readonly keepDims?: boolean;
}

/** Elements of one partial sum; fixed, so that the order of additions is. */
const BLOCK_ELEMENTS = 65_536;

/** Upstream adds one after the other in float32, and stops counting at 2^24; these add in float64, in blocks. */
export function registerSums(tf: Tf): void {
  registerWasmKernel<SumAttributes>(tf, 'Sum', (call, context) => reduce(tf, call, context, () => 1));
  registerWasmKernel<SumAttributes>(tf, 'Mean', (call, context) => reduce(tf, call, context, (count) => 1 / count));
}

function reduce(
  tf: Tf,
  call: KernelCall<SumAttributes>,
  context: WasmContext,
  factor: (count: number) => number,
): TensorInfo | undefined {
  const x = call.inputs.x!;
  if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return undefined;
  const axes = tf.util.parseAxisParam(call.attrs.axis as number[], x.shape);
  const [outShape, reduceShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = call.attrs.keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const y = newTensor(context, shape);
  const scale = factor(tf.util.sizeFromShape(reduceShape));
  const middle = contiguousAxes(x.shape, axes);
  if (middle) {
    sumMiddle(context, x, middle, y, scale);
    return y;
  }
  // Scattered axes: bring them to the end first.
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const moved = call.call('Transpose', { x }, { perm: [...rest, ...axes] });
  const rows = tf.util.sizeFromShape(reduceShape);
  sumMiddle(context, moved, { outer: tf.util.sizeFromShape(outShape), rows, inner: 1 }, y, scale);
  context.backend.disposeData(moved.dataId);
  return y;
}

function sumMiddle(context: WasmContext, x: TensorInfo, middle: Middle, y: TensorInfo, scale: number): void {
  const { outer, rows, inner } = middle;
  const { heap, pool } = context;
  const blockRows = Math.max(1, Math.floor(BLOCK_ELEMENTS / inner));
  const blocks = Math.ceil(rows / blockRows);
  const length = outer * blocks * inner;
  const partial = heap.scratch('sums', length * 8);
  pool.run('sumBlocks', outer * blocks, [addressOf(context, x), partial, rows, inner, blocks, blockRows]);
  const sums = heap.float64(partial, length);
  const out = elementsOf(context, y);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let b = 0; b < blocks; b++) sum += sums[(o * blocks + b) * inner + i]!;
      out[o * inner + i] = sum * scale;
    }
  }
}
