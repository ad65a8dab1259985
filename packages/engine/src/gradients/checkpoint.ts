import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { releaseOnTheWayBack } from './variable-gradients.js';

/**
 * Computes `block(x)` and keeps only `x` of it: the rest is computed a second time when the gradient passes.
 *
 * Numbers  the same bytes as without, as the same operations run in the same order.
 * Source   Chen et al. 2016, arXiv:1604.06174.
 *
 * @param parameters  what `block` reads besides x, and whose gradients are wanted.
 * @param block       called with `isRepeated` the second time: what must happen once (running statistics) stays undone.
 */
export function checkpoint(
  tf: Tf,
  x: Tensor,
  parameters: readonly Tensor[],
  block: (x: Tensor, isRepeated: boolean) => Tensor,
): Tensor {
  const run = tf.customGrad((...inputs: unknown[]) => {
    const [input, save] = [inputs[0] as Tensor, inputs.at(-1) as (tensors: Tensor[]) => void];
    save([input]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => gradientsOf(tf, saved[0]!, parameters, block, dy);
    return { value: block(input, false), gradFunc };
  });
  return run(x, ...parameters);
}

/** Runs the block once more, on a tape of its own: TensorFlow.js has one, which the pass under way still needs. */
function gradientsOf(
  tf: Tf,
  x: Tensor,
  parameters: readonly Tensor[],
  block: (x: Tensor, isRepeated: boolean) => Tensor,
  dy: Tensor,
): Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  const forward = () => {
    const y = block(x, true);
    releaseOnTheWayBack(state.activeTape, y);
    return y;
  };
  try {
    const { value, grads } = tf.engine().gradients(forward, [x, ...parameters], dy);
    value.dispose();
    return grads;
  } finally {
    state.activeTape = outer;
  }
}
