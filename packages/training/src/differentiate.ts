import { type Engine, type Tensor, type Tensor4D, variableGradients } from '@consilium/engine';
import type { Model } from '@consilium/models';
import { type Batch, partsOf } from './batches.js';
import type { Scalar } from './losses.js';
import type { MemoryPlan } from './memory-plan.js';
import type { Objective } from './objective.js';
import type { LearningTask } from './training.js';
import type { Weights } from './weights.js';

export interface Differentiable {
  readonly engine: Engine;
  readonly plan: LearningTask;
  readonly model: Model;
  readonly objective: Objective;
  readonly weights: Weights;
  readonly memory: MemoryPlan;
}

export interface Derivative {
  /** [2]: the loss, and the norm of the whole gradient. */
  readonly measured: Tensor;
  /** In the order of the trainable weights. */
  readonly gradients: Tensor[];
  /** New running statistics, by index of their entry in the layout. */
  readonly statistics: ReadonlyMap<number, Tensor>;
}

interface Part {
  readonly value: Scalar;
  readonly gradients: Tensor[];
}

/**
 * The gradient of one batch; the caller disposes of all of it.
 *
 * Numbers  a batch that does not fit is computed in parts, in order. Every loss is a mean over examples (losses.ts), so
 *          the parts' gradients add up, each times its share of the examples, to that of the whole but for rounding.
 */
export function differentiate(of: Differentiable, batch: Batch): Derivative {
  const { tf, gradientNorm } = of.engine;
  const statistics = new Map<number, Tensor>();
  let sum: Part | undefined;
  try {
    for (const part of partsOf(batch, of.memory.examplesAtOnce)) {
      const next = differentiatePart(of, part, part.count / batch.count, statistics);
      const before = sum;
      if (!before) {
        sum = next;
        continue;
      }
      sum = tf.tidy(() => ({
        value: tf.add(before.value, next.value) as Scalar,
        gradients: before.gradients.map((gradient, i) => tf.add(gradient, next.gradients[i]!)),
      }));
      dispose(tf, before);
      dispose(tf, next);
    }
    const { value, gradients } = sum!;
    const measured = tf.tidy(() => tf.stack([value, gradientNorm(gradients)]));
    value.dispose();
    return { measured, gradients, statistics };
  } catch (error) {
    if (sum) dispose(tf, sum);
    tf.dispose([...statistics.values()]);
    throw error;
  }
}

function differentiatePart(
  { engine, plan, model, objective, weights, memory }: Differentiable,
  part: Batch,
  share: number,
  statistics: Map<number, Tensor>,
): Part {
  const { tf } = engine;
  const trained = weights.variables.filter((v) => v.trainable);
  return tf.tidy(() => {
    const { height, width } = plan.preprocessing;
    const x: Tensor4D = tf.tensor4d(part.images, [part.count, height, width, 1]);
    const loss = () => {
      const result = model.forward(engine, weights.variables, x, 'train', memory.recomputes);
      for (const [index, tensor] of result.statistics) statistics.set(index, tensor);
      const ofPart = objective(result.logits, part);
      return share === 1 ? ofPart : tf.mul<Scalar>(ofPart, share);
    };
    return { ...variableGradients(tf, loss, trained) };
  });
}

function dispose(tf: Engine['tf'], { value, gradients }: Part): void {
  tf.dispose([value, ...gradients]);
}
