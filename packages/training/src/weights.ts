import type { Engine, Tensor, Variable } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import type { Model } from '@consilium/models';
import { entryLength, layoutLength, requireVariances, varianceRanges } from '@consilium/tensors';

/** The weights of a model on the back end, in layout order. The opener calls `dispose`. */
export interface Weights {
  readonly variables: readonly Variable[];
  /** The flat values in layout order. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Copies flat values onto the back end, one variable for each entry of the layout.
 *
 * Errors   UPDATE_LAYOUT_MISMATCH, MODEL_VARIANCE_INVALID.
 */
export function openWeights({ tf }: Engine, { layout }: Model, values: Float32Array): Weights {
  const length = layoutLength(layout);
  if (values.length !== length)
    throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: length, got: values.length });
  requireVariances(varianceRanges(layout), values);
  let at = 0;
  const variables = layout.map((entry) => {
    const start = at;
    at += entryLength(entry);
    // A copy, because a back end may keep the array that it is given.
    return tf.tidy(() => tf.variable(tf.tensor(values.slice(start, at), [...entry.shape]), entry.trainable));
  });
  return {
    variables,
    read: () => flatten(variables, length),
    dispose: () => tf.dispose(variables as Variable[]),
  };
}

async function flatten(tensors: readonly Tensor[], length: number): Promise<Float32Array> {
  const flat = new Float32Array(length);
  let at = 0;
  for (const tensor of tensors) {
    flat.set((await tensor.data()) as Float32Array, at);
    at += tensor.size;
  }
  return flat;
}
