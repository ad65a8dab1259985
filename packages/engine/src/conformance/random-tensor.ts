import type { Engine, Tensor } from '../engine.js';

/** Normal numbers of mean 0: the same for the same seed, on every back end. */
export function random({ tf }: Engine, shape: readonly number[], seed: number, stdDev = 1): Tensor {
  return tf.randomNormal([...shape], 0, stdDev, 'float32', seed);
}
