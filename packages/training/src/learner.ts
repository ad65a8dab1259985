import { type Engine, type Tensor, type Tensor4D, variableGradients } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts } from '@consilium/models';
import type { Batch } from './batches.js';
import { type Objective, objectiveOf } from './objective.js';
import { openOptimizer } from './optimizer.js';
import type { ExampleSource, LearningTask } from './training.js';
import { openWeights, type Weights } from './weights.js';

/** A model under training: weights and optimizer on the back end. The opener calls `dispose`. */
export interface Learner {
  /**
   * One step on one batch; answers its loss, measured before the step. The read is not synchronous, because a back end
   * may have no other.
   *
   * Errors   TRAINING_DIVERGED.
   */
  step(batch: Batch, learningRate: number): Promise<number>;
  /** The weights as flat values in layout order. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Opens a model at `initial` with an optimizer that begins anew.
 *
 * Errors   MODEL_SPEC_INVALID, UPDATE_LAYOUT_MISMATCH, DATASET_UNSUITABLE.
 */
export function openLearner(
  engine: Engine,
  plan: LearningTask,
  initial: Float32Array,
  examples: ExampleSource,
): Learner {
  const model = buildModel(plan.model, modelPorts(plan));
  const objective = objectiveOf(engine, plan, examples);
  const weights = openWeights(engine, model, initial);
  const optimizer = openOptimizer(engine, plan.training.optimizer, trainablesOf(model, weights));
  const limit = plan.training.clipGradientNorm;
  return {
    step: async (batch, learningRate) => {
      const { measured, gradients, statistics } = differentiate({ engine, plan, model, objective, weights }, batch);
      try {
        const [loss, norm] = (await measured.data()) as Float32Array;
        if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw new ConsiliumError('TRAINING_DIVERGED');
        optimizer.step(gradients, limit > 0 && norm! > limit ? limit / norm! : 1, learningRate);
        for (const [index, tensor] of statistics) weights.variables[index]!.assign(tensor);
        return loss!;
      } finally {
        engine.tf.dispose([measured, gradients, [...statistics.values()]]);
      }
    },
    read: () => weights.read(),
    dispose: () => {
      optimizer.dispose();
      weights.dispose();
    },
  };
}

const trainablesOf = (model: Model, { variables }: Weights) =>
  model.layout.flatMap((entry, i) => (entry.trainable ? [{ variable: variables[i]!, role: entry.role }] : []));

interface Differentiable {
  readonly engine: Engine;
  readonly plan: LearningTask;
  readonly model: Model;
  readonly objective: Objective;
  readonly weights: Weights;
}

interface Derivative {
  /** [2]: the loss, and the norm of the whole gradient. */
  readonly measured: Tensor;
  /** In the order of the trainable weights. */
  readonly gradients: Tensor[];
  /** New running statistics, by index of their entry in the layout. */
  readonly statistics: ReadonlyMap<number, Tensor>;
}

/** The gradient of one batch; the caller disposes of all of it. */
function differentiate({ engine, plan, model, objective, weights }: Differentiable, batch: Batch): Derivative {
  const { tf } = engine;
  const trained = weights.variables.filter((v) => v.trainable);
  const statistics = new Map<number, Tensor>();
  try {
    const kept = tf.tidy(() => {
      const { height, width } = plan.preprocessing;
      const x: Tensor4D = tf.tensor4d(batch.images, [batch.count, height, width, 1]);
      const forward = () => {
        const result = model.forward(engine, weights.variables, x, 'train');
        for (const [index, tensor] of result.statistics) statistics.set(index, tensor);
        return objective(result.logits, batch);
      };
      const { value, gradients } = variableGradients(tf, forward, trained);
      return { measured: tf.stack([value, engine.gradientNorm(gradients)]), gradients };
    });
    return { ...kept, statistics };
  } catch (error) {
    tf.dispose([...statistics.values()]);
    throw error;
  }
}
