import type { Engine, Tensor, Tensor4D } from '../engine.js';
import type { Case } from './cases.js';
import { convolveInFloat64 } from './float64-convolution.js';
import { random } from './random-tensor.js';

/**
 * images, height, width, channels, filters: Winograd in panels (forward from 128x256 channels on, filter gradient from 64x64),
 * with few and many tiles, and chunks of channels that leave a rest.
 */
const SIZES = [
  [2, 5, 5, 130, 256],
  [7, 19, 18, 70, 64],
  [1, 7, 6, 256, 128],
  [17, 5, 5, 128, 256],
] as const;

/** A case that `cpu` is too slow for, with its values by definition in float64 instead. */
export interface DefinedCase extends Case {
  define(engine: Engine): Float64Array[];
}

export const MANY_CHANNELS: readonly DefinedCase[] = SIZES.map((sizes) => ({
  name: `conv2d 3x3 of ${sizes.slice(0, 4).join('x')} -> ${sizes[4]}`,
  compute: (engine) => {
    const [x, filter, dy] = inputsOf(engine, sizes);
    const run = (a: Tensor, b: Tensor) => engine.tf.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same');
    return [run(x, filter), ...engine.tf.grads(run)([x, filter], dy)];
  },
  define: (engine) => {
    const inputs = inputsOf(engine, sizes);
    const [x, filter, dy] = inputs.map((t) => t.dataSync() as Float32Array) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    engine.tf.dispose(inputs);
    return convolveInFloat64(sizes, x, filter, dy);
  },
}));

function inputsOf(engine: Engine, [n, h, w, c, k]: (typeof SIZES)[number]): [Tensor, Tensor, Tensor] {
  return [random(engine, [n, h, w, c], 1), random(engine, [3, 3, c, k], 2, 0.03), random(engine, [n, h, w, k], 3)];
}
