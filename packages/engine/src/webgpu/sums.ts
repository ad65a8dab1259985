import type { TensorInfo } from '@tensorflow/tfjs-core';
import { contiguousAxes, type Middle } from '../contiguous-axes.js';
import type { Tf } from '../engine.js';
import { type KernelArguments, replaceKernel } from '../replace-kernel.js';
import { perOutput } from './program.js';
import type { WebgpuBackend } from './upstream.js';

/** Rows that one invocation adds up, as a tree of 8 times 8. */
const BLOCK_ROWS = 64;

/**
 * Upstream gives a row to at most 512 invocations, each of which adds its share one after the other in float32: the mean
 * of 20 million 0.1s is off by 1e-4. These add pairwise, so that the error grows with the logarithm of the count.
 */
export function registerSums(tf: Tf): void {
  replaceKernel(tf, 'webgpu', 'Sum', (args, upstream) => reduce(tf, args, () => 1) ?? upstream(args));
  replaceKernel(tf, 'webgpu', 'Mean', (args, upstream) => reduce(tf, args, (count) => 1 / count) ?? upstream(args));
}

function reduce(tf: Tf, args: KernelArguments, factor: (count: number) => number): TensorInfo | undefined {
  const x = args.inputs.x!;
  if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return undefined;
  const { axis, keepDims } = args.attrs as { axis: number | number[] | null; keepDims?: boolean };
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const [outShape, reduceShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const rows = tf.util.sizeFromShape(reduceShape);
  const backend = args.backend as WebgpuBackend;
  const middle = contiguousAxes(x.shape, axes);
  if (middle) return { ...sumMiddle(backend, x, middle, factor(rows)), shape };
  // Scattered axes: bring them to the end first.
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const transpose = tf.getKernel('Transpose', 'webgpu').kernelFunc;
  const moved = transpose({ inputs: { x }, backend, attrs: { perm: [...rest, ...axes] } }) as TensorInfo;
  const sums = sumMiddle(backend, moved, { outer: tf.util.sizeFromShape(outShape), rows, inner: 1 }, factor(rows));
  backend.disposeData(moved.dataId);
  return { ...sums, shape };
}

/** [outer, rows, inner] to [outer, inner], in rounds that leave one row of up to 64. */
function sumMiddle(backend: WebgpuBackend, x: TensorInfo, { outer, rows, inner }: Middle, scale: number): TensorInfo {
  let [partial, left] = [x, rows];
  do {
    const blocks = Math.ceil(left / BLOCK_ROWS);
    const numbers = [
      { type: 'int32', data: [left] },
      { type: 'int32', data: [blocks] },
      { type: 'int32', data: [inner] },
      { type: 'float32', data: [blocks === 1 ? scale : 1] },
    ] as const;
    const next = backend.runWebGPUProgram(
      perOutput([outer * blocks * inner], SUM_BLOCKS),
      [partial],
      'float32',
      numbers,
    );
    if (partial !== x) backend.disposeData(partial.dataId);
    [partial, left] = [next, blocks];
  } while (left > 1);
  return partial;
}

/** Rows b, b + blocks, b + 2 blocks ... of a column make block b, so that neighbours read neighbouring values. */
const SUM_BLOCKS = {
  name: 'sum_blocks',
  variableNames: ['x'],
  uniforms: 'rows : i32, blocks : i32, inner : i32, scale : f32,',
  code: `
    fn value(first : i32, row : i32, k : i32) -> f32 {
      if (row + k * uniforms.blocks >= uniforms.rows) { return 0.0; }
      return f32(x[first + k * uniforms.blocks * uniforms.inner]);
    }
    fn four(first : i32, row : i32, k : i32) -> f32 {
      return (value(first, row, k) + value(first, row, k + 1)) + (value(first, row, k + 2) + value(first, row, k + 3));
    }
    fn main(index : i32) {
      if (index >= uniforms.size) { return; }
      let block = index / uniforms.inner;
      let row = block % uniforms.blocks;
      let first = ((block / uniforms.blocks) * uniforms.rows + row) * uniforms.inner + index % uniforms.inner;
      var eights : array<f32, 8>;
      for (var g = 0; g < 8; g = g + 1) {
        eights[g] = four(first, row, 8 * g) + four(first, row, 8 * g + 4);
      }
      let low = (eights[0] + eights[1]) + (eights[2] + eights[3]);
      let high = (eights[4] + eights[5]) + (eights[6] + eights[7]);
      result[index] = (low + high) * uniforms.scale;
    }
  `,
};
