import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { RELU_GRADIENT } from '../gradients/relu-gradient.js';
import { addressOf, newTensor, registerWasmKernel, type WasmContext } from './context.js';

/** As in assembly/elementwise.ts. */
const BLOCK_BYTES = 16_384;

type BlockKernel = 'addArrays' | 'multiplyArrays' | 'relu' | 'reluGradient';

/** Upstream's are single-threaded. Other shapes and types than these, which a training step is full of, are upstream's. */
export function registerElementwise(tf: Tf): void {
  registerWasmKernel(tf, 'Add', ({ inputs }, context) => {
    const [a, b] = [inputs.a!, inputs.b!];
    if (!isFloat(tf, a) || !isFloat(tf, b)) return undefined;
    if (tf.util.arraysEqual(a.shape, b.shape)) return inBlocks(tf, context, 'addArrays', [a, b]);
    if (isRowOf(tf, b, a)) return addRow(tf, context, a, b);
    return isRowOf(tf, a, b) ? addRow(tf, context, b, a) : undefined;
  });
  registerWasmKernel(tf, 'Multiply', ({ inputs }, context) => {
    const [a, b] = [inputs.a!, inputs.b!];
    const isOurs = isFloat(tf, a) && isFloat(tf, b) && tf.util.arraysEqual(a.shape, b.shape);
    return isOurs ? inBlocks(tf, context, 'multiplyArrays', [a, b]) : undefined;
  });
  registerWasmKernel(tf, 'Square', ({ inputs }, context) => {
    const x = inputs.x!;
    return isFloat(tf, x) ? inBlocks(tf, context, 'multiplyArrays', [x, x]) : undefined;
  });
  registerWasmKernel(tf, 'Relu', ({ inputs }, context) => {
    const x = inputs.x!;
    return isFloat(tf, x) ? inBlocks(tf, context, 'relu', [x]) : undefined;
  });
  registerWasmKernel(tf, RELU_GRADIENT, ({ inputs }, context) =>
    inBlocks(tf, context, 'reluGradient', [inputs.x!, inputs.dy!]),
  );
}

function inBlocks(tf: Tf, context: WasmContext, kernel: BlockKernel, inputs: readonly TensorInfo[]): TensorInfo {
  const y = newTensor(context, inputs[0]!.shape);
  const bytes = tf.util.sizeFromShape(y.shape) * 4;
  const addresses = [...inputs, y].map((tensor) => addressOf(context, tensor));
  context.pool.run(kernel, Math.ceil(bytes / BLOCK_BYTES), [...addresses, bytes]);
  return y;
}

function addRow(tf: Tf, context: WasmContext, a: TensorInfo, row: TensorInfo): TensorInfo {
  const y = newTensor(context, a.shape);
  const columns = a.shape.at(-1)!;
  const addresses = [a, row, y].map((tensor) => addressOf(context, tensor));
  context.pool.run('addRow', tf.util.sizeFromShape(a.shape) / columns, [...addresses, columns]);
  return y;
}

/** A bias: [C], or [1,..,1,C], to be added to [..,C]. */
function isRowOf(tf: Tf, row: TensorInfo, { shape }: TensorInfo): boolean {
  const columns = shape.at(-1);
  return (
    row.shape.length <= shape.length && row.shape.at(-1) === columns && tf.util.sizeFromShape(row.shape) === columns
  );
}

function isFloat(tf: Tf, { dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): boolean {
  return dtype === 'float32' && shape.length > 0 && tf.util.sizeFromShape(shape) > 0;
}
