import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { contiguousAxes, type Middle } from '../contiguous-axes.js';
import type { Tf } from '../engine.js';
import { type KernelArguments, replaceKernel } from '../replace-kernel.js';

/** Rows that are added one after the other. */
const BLOCK_ROWS = 16;
/** Up to so many TensorFlow's own sum over the last axes errs by less than 3e-7; of 20 million by 1.3e-6. */
const WELL_ADDED = 2 ** 16;

/**
 * On a CPU, TensorFlow adds the rows of a reduction that leaves inner axes one after the other in float32: the mean of 5
 * million rows of four tenths is off by 4%. These are added in blocks, and the blocks in blocks.
 */
export function registerSums(tf: Tf): void {
  replaceKernel(tf, 'tensorflow', 'Sum', (args, upstream) => inBlocks(tf, args, () => 1) ?? upstream(args));
  replaceKernel(
    tf,
    'tensorflow',
    'Mean',
    (args, upstream) => inBlocks(tf, args, (count) => 1 / count) ?? upstream(args),
  );
}

function inBlocks(tf: Tf, args: KernelArguments, factor: (count: number) => number): Tensor | undefined {
  const x = args.inputs.x as Tensor;
  const { axis, keepDims } = args.attrs as { axis: number | number[] | null; keepDims?: boolean };
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const middle = contiguousAxes(x.shape, axes);
  // Of scattered axes TensorFlow makes last ones.
  if (x.dtype !== 'float32' || !middle) return undefined;
  if (middle.rows <= (middle.inner === 1 ? WELL_ADDED : BLOCK_ROWS)) return undefined;
  const [outShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  return tf.tidy(() => {
    const sums = sumMiddle(tf, x, middle);
    const scale = factor(middle.rows);
    return tf.reshape(scale === 1 ? sums : tf.mul(sums, scale), shape);
  });
}

/** [outer, rows, inner] to [outer, inner]. */
function sumMiddle(tf: Tf, x: Tensor, { outer, rows, inner }: Middle): Tensor {
  let [partial, left] = [tf.reshape(x, [outer, rows, inner]) as Tensor3D, rows];
  while (left > BLOCK_ROWS) {
    const blocks = Math.floor(left / BLOCK_ROWS);
    const [whole, rest] = [blocks * BLOCK_ROWS, left % BLOCK_ROWS];
    const head = rest === 0 ? partial : tf.slice(partial, [0, 0, 0], [outer, whole, inner]);
    const sums: Tensor3D = tf.sum(tf.reshape(head, [outer, blocks, BLOCK_ROWS, inner]), 2);
    const tail = () => tf.sum(tf.slice(partial, [0, whole, 0], [outer, rest, inner]), 1, true) as Tensor3D;
    partial = rest === 0 ? sums : tf.concat([sums, tail()], 1);
    left = blocks + (rest === 0 ? 0 : 1);
  }
  return tf.sum(partial, 1);
}
