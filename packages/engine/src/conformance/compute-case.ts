import type { Engine } from '../engine.js';
import type { Case } from './cases.js';

/** The values of all outputs of a case, read in the one way that every back end has. No tensor stays. */
export async function computeCase(engine: Engine, { compute }: Case): Promise<Float32Array[]> {
  const { tf } = engine;
  const tensors = tf.tidy(() => compute(engine));
  try {
    const values: Float32Array[] = [];
    // A copy, because a back end may hand out its own memory.
    for (const tensor of tensors) values.push(Float32Array.from((await tensor.data()) as Float32Array));
    return values;
  } finally {
    tf.dispose(tensors);
  }
}
