import type { Engine, Tensor } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts } from '@consilium/models';
import type { Batch } from './batches.js';
import { differentiate } from './differentiate.js';
import { measureRunningStatistics } from './measure-running-statistics.js';
import { type MemoryPlan, planTrainingMemory } from './memory-plan.js';
import { objectiveOf } from './objective.js';
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
  /** Makes running statistics those of the present weights: see `measureRunningStatistics`. */
  settleStatistics(signal: AbortSignal): Promise<void>;
  /** The weights as flat values in layout order. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Opens a model at `initial` with an optimizer that begins anew.
 *
 * Errors   MODEL_SPEC_INVALID, PLAN_TOO_LARGE, UPDATE_LAYOUT_MISMATCH, DATASET_UNSUITABLE.
 */
export function openLearner(
  engine: Engine,
  plan: LearningTask,
  initial: Float32Array,
  examples: ExampleSource,
  memory: MemoryPlan = planTrainingMemory(plan, engine),
): Learner {
  const model = buildModel(plan.model, modelPorts(plan));
  const objective = objectiveOf(engine, plan, examples);
  const weights = openWeights(engine, model, initial);
  const optimizer = openOptimizer(engine, plan.training.optimizer, trainablesOf(model, weights));
  const limit = plan.training.clipGradientNorm;
  return {
    step: async (batch, learningRate) => {
      const derivative = differentiate({ engine, plan, model, objective, weights, memory }, batch);
      const { measured, gradients, statistics } = derivative;
      try {
        const [loss, norm] = (await measured.data()) as Float32Array;
        if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw new ConsiliumError('TRAINING_DIVERGED');
        optimizer.step(gradients, limit > 0 && norm! > limit ? limit / norm! : 1, learningRate);
        for (const [index, tensor] of statistics) weights.variables[index]!.assign(tensor);
        return loss!;
      } finally {
        engine.tf.dispose([measured, gradients, [...statistics.values()]] as (Tensor | Tensor[])[]);
      }
    },
    settleStatistics: (signal) => measureRunningStatistics(engine, plan, model, weights, examples, { signal }),
    read: () => weights.read(),
    dispose: () => {
      optimizer.dispose();
      weights.dispose();
    },
  };
}

const trainablesOf = (model: Model, { variables }: Weights) =>
  model.layout.flatMap((entry, i) => (entry.trainable ? [{ variable: variables[i]!, role: entry.role }] : []));
