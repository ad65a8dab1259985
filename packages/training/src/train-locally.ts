import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Tensor, Tensor4D } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts, randomFrom } from '@consilium/models';
import { type Batch, cutIntoBatches, readBatch, shuffledOrder } from './batches.js';
import { type Objective, objectiveOf } from './objective.js';
import { type Optimizer, openOptimizer } from './optimizer.js';
import type { LearningTask, Train } from './training.js';
import { openWeights, type Weights } from './weights.js';

/**
 * Trains from `initial` for the epochs of one round, and hands back the new weights. The optimizer begins anew. The
 * same plan, weights, examples, round and seed give the same bytes on the same back end. Between two steps the event
 * loop runs once, so that messages and the abort signal get through.
 *
 * Numbers  the loss of a step and the norm of its gradient come back in one read; the reported loss is the mean over the
 *          examples of the last epoch, each measured before the step that learns from it.
 * Errors   TRAINING_DIVERGED, STOPPED, MODEL_SPEC_INVALID, UPDATE_LAYOUT_MISMATCH, DATASET_EMPTY, DATASET_UNSUITABLE.
 */
export const trainLocally: Train = async (engine, request) => {
  const { plan, examples, signal } = request;
  if (examples.count === 0) throw new ConsiliumError('DATASET_EMPTY');
  const model = buildModel(plan.model, modelPorts(plan));
  const objective = objectiveOf(engine, plan, examples);
  const weights = openWeights(engine, model, request.initial);
  const optimizer = openOptimizer(engine, plan.training.optimizer, trainablesOf(model, weights));
  const learner: Learner = { engine, plan, model, objective, weights, optimizer };
  try {
    const random = randomFrom(request.seed);
    const learningRate = learningRateOf(plan, request.round);
    const epochs = plan.training.epochsPerRound;
    const joinSingle = plan.model.normalisation.kind === 'batch';
    let [step, loss] = [0, 0];
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = shuffledOrder(examples.count, random);
      const batches = cutIntoBatches(order, plan.training.batchSize, joinSingle);
      let lossSum = 0;
      for (const indices of batches) {
        if (signal.aborted) throw new ConsiliumError('STOPPED');
        const batch = readBatch(plan, examples, indices, random);
        const lossOfStep = await learn(learner, batch, learningRate);
        lossSum += lossOfStep * batch.count;
        step += 1;
        request.onStep?.({ epoch, epochs, step, steps: epochs * batches.length, loss: lossOfStep });
        await nextTurn();
      }
      loss = lossSum / examples.count;
    }
    const values = await weights.read();
    if (!values.every(Number.isFinite)) throw new ConsiliumError('TRAINING_DIVERGED', { step });
    return { values, steps: step, loss };
  } finally {
    optimizer.dispose();
    weights.dispose();
  }
};

/** What one step needs. */
interface Learner {
  readonly engine: Engine;
  readonly plan: LearningTask;
  readonly model: Model;
  readonly objective: Objective;
  readonly weights: Weights;
  readonly optimizer: Optimizer;
}

const trainablesOf = (model: Model, { variables }: Weights) =>
  model.layout.flatMap((entry, i) => (entry.trainable ? [{ variable: variables[i]!, role: entry.role }] : []));

function learningRateOf({ training }: LearningTask, round: number): number {
  return training.optimizer.learningRate * training.learningRateDecay ** (round - 1);
}

/**
 * One step on one batch; answers its loss. The read is not synchronous, because a back end may have no other.
 *
 * Errors   TRAINING_DIVERGED.
 */
async function learn(learner: Learner, batch: Batch, rate: number): Promise<number> {
  const { engine, plan, weights, optimizer } = learner;
  const { tf } = engine;
  const { measured, gradients, statistics } = differentiate(learner, batch);
  try {
    const [loss, norm] = (await measured.data()) as Float32Array;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw new ConsiliumError('TRAINING_DIVERGED');
    const limit = plan.training.clipGradientNorm;
    optimizer.step(gradients, limit > 0 && norm! > limit ? limit / norm! : 1, rate);
    for (const [index, tensor] of statistics) weights.variables[index]!.assign(tensor);
    return loss!;
  } finally {
    tf.dispose([measured, gradients, [...statistics.values()]]);
  }
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
function differentiate({ engine, plan, model, objective, weights }: Learner, batch: Batch): Derivative {
  const { tf } = engine;
  const trained = weights.variables.filter((v) => v.trainable);
  const statistics = new Map<number, Tensor>();
  try {
    const kept = tf.tidy(() => {
      const { height, width } = plan.preprocessing;
      const x: Tensor4D = tf.tensor4d(batch.images, [batch.count, height, width, 1]);
      const { value, grads } = tf.variableGrads(() => {
        const result = model.forward(engine, weights.variables, x, 'train');
        for (const [index, tensor] of result.statistics) statistics.set(index, tf.keep(tensor));
        return objective(result.logits, batch);
      }, trained);
      const gradients = trained.map((v) => grads[v.name]!);
      return { measured: tf.stack([value, engine.gradientNorm(gradients)]), gradients };
    });
    return { ...kept, statistics };
  } catch (error) {
    tf.dispose([...statistics.values()]);
    throw error;
  }
}
