import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

/** The part of a node of TensorFlow.js' tape that back-propagation reads. */
interface TapeNode {
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  gradient?: (dys: Tensor[]) => Record<string, () => Tensor>;
}

export interface VariableGradients {
  readonly value: Scalar;
  /** In the order of the variables. */
  readonly gradients: Tensor[];
}

/**
 * Loss and gradients as `tf.variableGrads` gives them, with half of its memory: what an operation kept of the forward
 * pass, and the derivative of what it gave, are released as soon as back-propagation is past it. TensorFlow.js itself
 * holds both until the whole pass is over.
 */
export function variableGradients(tf: Tf, loss: () => Scalar, variables: readonly Variable[]): VariableGradients {
  const { value, grads } = tf.variableGrads(() => {
    const y = loss();
    releaseOnTheWayBack(tf.engine().state.activeTape as TapeNode[], y);
    return y;
  }, variables as Variable[]);
  return { value, gradients: variables.map((variable) => grads[variable.name]!) };
}

/**
 * Makes each operation of the tape release, once it has been passed, what it alone still needed. The derivative of an
 * output is complete and of no further use when the output's own operation has been passed: an operation may hand the same
 * tensor on as a derivative of its input, and then it stays. The derivative of `y` belongs to whoever gave it.
 */
export function releaseOnTheWayBack(tape: readonly TapeNode[], y: Tensor): void {
  let passed: Set<Tensor> = new Set();
  for (const node of tape) {
    const { gradient, outputs, saved = [] } = node;
    if (!gradient) continue;
    node.gradient = (dys) => {
      for (const tensor of passed) tensor.dispose();
      const own = new Set([...(outputs.includes(y) ? [] : dys.filter((dy) => dy !== null)), ...saved]);
      passed = own;
      const handedOn = new Set<Tensor>();
      const handOn = (derivative: Tensor): Tensor => {
        if (handedOn.has(derivative)) return derivative.clone(); // one for each input, as each is released by itself
        handedOn.add(derivative);
        own.delete(derivative);
        return derivative;
      };
      return Object.fromEntries(
        Object.entries(gradient(dys)).map(([input, derivative]) => [input, () => handOn(derivative())]),
      );
    };
  }
}
