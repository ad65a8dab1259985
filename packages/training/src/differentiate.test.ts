import { type Engine, startEngine } from '@consilium/engine';
import { buildModel, modelPorts } from '@consilium/models';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBatch } from './batches.js';
import { differentiate } from './differentiate.js';
import { objectiveOf } from './objective.js';
import { classificationPlan, films, segmentationPlan } from './training.fixture.js';
import type { LearningTask } from './training.js';
import { openWeights } from './weights.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const COUNT = 7;

/** Loss, norm and all gradients of one batch of seven, so many examples at once. */
function derive(plan: LearningTask, examplesAtOnce: number, recomputes = false) {
  const { tf } = engine;
  const examples = films(COUNT, plan.preprocessing.height, plan.task.kind === 'segmentation' ? 'mask' : 'label');
  const model = buildModel(plan.model, modelPorts(plan));
  const weights = openWeights(engine, model, model.initialise(new Uint8Array(8)));
  const objective = objectiveOf(engine, plan, examples);
  const batch = readBatch(plan, examples, [0, 1, 2, 3, 4, 5, 6]);
  const before = tf.memory().numTensors;
  const memory = { examplesAtOnce, recomputes, bytes: 0 };
  const { measured, gradients, statistics } = differentiate({ engine, plan, model, objective, weights, memory }, batch);
  const [loss, norm] = measured.dataSync() as Float32Array;
  const values = gradients.map((gradient) => Array.from(gradient.dataSync()));
  tf.dispose([measured, ...gradients, ...statistics.values()]);
  expect(tf.memory().numTensors).toBe(before);
  weights.dispose();
  return { loss: loss!, norm: norm!, values };
}

it.each([
  ['cross-entropy and Dice', segmentationPlan({ batchSize: COUNT })],
  ['cross-entropy with classes that weigh unequally', classificationPlan({ batchSize: COUNT })],
])('parts of 3, 3 and 1 give the gradient of the whole batch (%s)', (_, plan) => {
  const whole = derive(plan, COUNT);
  for (const parts of [derive(plan, 3), derive(plan, 1), derive(plan, 3, true)]) {
    expect(Math.abs(parts.loss / whole.loss - 1)).toBeLessThan(1e-5);
    expect(Math.abs(parts.norm / whole.norm - 1)).toBeLessThan(1e-5);
    whole.values.forEach((gradient, i) => {
      const largest = Math.max(...gradient.map(Math.abs));
      const difference = Math.max(...gradient.map((v, j) => Math.abs(v - parts.values[i]![j]!)));
      // Where every term cancels (a shift before a normalisation) only rounding is left, of the size of the terms.
      expect(difference).toBeLessThan(1e-5 * Math.max(largest, 0.05 * whole.norm));
    });
  }
});

it('checkpoints alone change no bit', () => {
  const plan = segmentationPlan({ batchSize: COUNT });
  expect(derive(plan, COUNT, true)).toEqual(derive(plan, COUNT));
});
