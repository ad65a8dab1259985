import type { Engine, Tensor } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { entryLength, type Layout } from '@consilium/tensors';
import type { ClassificationStatistics } from '@consilium/validation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBatch } from './batches.js';
import { evaluateModel, trainLocally } from './index.js';
import { measureRunningStatistics } from './measure-running-statistics.js';
import { classificationPlan, films, scoreEdgesOf, segmentationPlan } from './training.fixture.js';
import type { ExampleSource, LearningTask } from './training.js';
import { openWeights } from './weights.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const signal = new AbortController().signal;
const withBatch = (plan: LearningTask): LearningTask => ({
  ...plan,
  model: { ...plan.model, normalisation: { kind: 'batch' } },
});
const modelOf = (plan: LearningTask) => buildModel(plan.model, modelPorts(plan));
const initialOf = (plan: LearningTask) => modelOf(plan).initialise(deriveSeed(5, 0, '', 'initialise'));

async function measured(plan: LearningTask, values: Float32Array, examples: ExampleSource): Promise<Float32Array> {
  const model = modelOf(plan);
  const weights = openWeights(engine, model, values);
  try {
    await measureRunningStatistics(engine, plan, model, weights, examples, { signal });
    return await weights.read();
  } finally {
    weights.dispose();
  }
}

function valuesOf(layout: Layout, values: Float32Array, name: string): Float32Array {
  let start = 0;
  for (const entry of layout) {
    const end = start + entryLength(entry);
    if (entry.name === name) return values.slice(start, end);
    start = end;
  }
  throw new Error(`there is no ${name}`);
}

it('the first normalisation gets exactly the mean and variance of its inputs over all examples, whatever was there before', async () => {
  const plan = withBatch(segmentationPlan());
  const { layout } = modelOf(plan);
  const examples = films(5, 16, 'mask'); // batches of two, and one of three
  const initial = initialOf(plan);
  const [mean] = layout.flatMap(({ name }) => (name.endsWith('.running-mean') ? [name] : []));
  const first = mean!.slice(0, -'.running-mean'.length);
  const filter = layout[0]!;
  expect(filter.name.endsWith('.filter')).toBe(true);
  // The inputs of the first normalisation by hand: its convolution of all pictures at once.
  const { images } = readBatch(plan, examples, [0, 1, 2, 3, 4]);
  const { tf } = engine;
  const filterTensor = tf.tensor4d(initial.slice(0, entryLength(filter)), [...filter.shape] as [
    number,
    number,
    number,
    number,
  ]);
  const inputs = tf.conv2d(tf.tensor4d(images, [5, 16, 16, 1]), filterTensor, 1, 'same');
  const moments = tf.moments(inputs, [0, 1, 2]);
  const result = await measured(plan, initial, examples);
  const close = (got: Float32Array, want: ArrayLike<number>) =>
    Array.from(want, (value, i) => expect(got[i]).toBeCloseTo(value, 4));
  close(valuesOf(layout, result, mean!), (await moments.mean.data()) as Float32Array);
  close(valuesOf(layout, result, `${first}.running-variance`), (await moments.variance.data()) as Float32Array);
  tf.dispose([inputs, filterTensor, moments.mean, moments.variance] as Tensor[]);
});

it('changes nothing but running statistics, gives the same bytes twice, and leaves no tensor behind', async () => {
  const plan = withBatch(classificationPlan());
  const { layout } = modelOf(plan);
  const initial = initialOf(plan);
  const examples = films(7, 32, 'label');
  const before = engine.tf.memory().numTensors;
  const result = await measured(plan, initial, examples);
  expect(engine.tf.memory().numTensors).toBe(before);
  expect(await measured(plan, initial, examples)).toEqual(result);
  // What was there before does not matter: a second pass over its own result is the same.
  expect(await measured(plan, result, examples)).toEqual(result);
  for (const { name, role } of layout) {
    const [old, now] = [valuesOf(layout, initial, name), valuesOf(layout, result, name)];
    if (role === 'running-statistic') expect(now, name).not.toEqual(old);
    else expect(now, name).toEqual(old);
    if (name.endsWith('.running-variance')) expect(Math.min(...now), name).toBeGreaterThanOrEqual(0);
  }
});

it('does nothing to group normalisation, and needs an example where it has something to do', async () => {
  const grouped = segmentationPlan();
  const none: ExampleSource = { count: 0, read: () => expect.unreachable() };
  expect(await measured(grouped, initialOf(grouped), none)).toEqual(initialOf(grouped));
  const plan = withBatch(grouped);
  await expect(measured(plan, initialOf(plan), none)).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
});

it('a model that was trained with batch normalisation infers what it has learned', async () => {
  const plan = withBatch(classificationPlan({ epochsPerRound: 12, batchSize: 4 }));
  const examples = films(16, 32, 'label');
  const seed = deriveSeed(5, 1, 'a', 'train');
  const { values } = await trainLocally(engine, {
    plan,
    initial: initialOf(plan),
    examples,
    closedRounds: 0,
    seed,
    signal,
  });
  // Training has measured them already, over the same examples: an evaluation finds the same ones.
  expect(await measured(plan, values, examples)).toEqual(values);
  const right = async (weights: Float32Array) => {
    const request = {
      plan,
      values: weights,
      examples,
      trainingExamples: examples,
      scoreEdges: scoreEdgesOf(plan),
      signal,
    };
    const { confusion } = (await evaluateModel(engine, request)) as ClassificationStatistics;
    return confusion[0]! + confusion[3]!;
  };
  expect(await right(values)).toBe(16);
  // Statistics of other pictures in the model do no harm: each site measures its own.
  const { layout } = modelOf(plan);
  const foreign = values.slice();
  let at = 0;
  for (const entry of layout) {
    const end = at + entryLength(entry);
    if (entry.role === 'running-statistic') foreign.fill(entry.name.endsWith('variance') ? 40 : 3, at, end);
    at = end;
  }
  expect(await right(foreign)).toBe(16);
});

it('a negative variance is refused before anything is computed, by its name', async () => {
  const plan = withBatch(classificationPlan());
  const { layout } = modelOf(plan);
  const values = initialOf(plan);
  let at = 0;
  for (const entry of layout) {
    if (entry.name.endsWith('.running-variance')) break;
    at += entryLength(entry);
  }
  values[at + 1]! -= 2;
  const examples = films(4, 32, 'label');
  const parameter = layout.find(({ name }) => name.endsWith('.running-variance'))!.name;
  const refused = { code: 'MODEL_VARIANCE_INVALID', detail: { parameter } };
  const evaluated = evaluateModel(engine, {
    plan,
    values,
    examples,
    trainingExamples: examples,
    scoreEdges: scoreEdgesOf(plan),
    signal,
  });
  await expect(evaluated).rejects.toMatchObject(refused);
  const seed = deriveSeed(5, 1, 'a', 'train');
  const trained = trainLocally(engine, { plan, initial: values, examples, closedRounds: 0, seed, signal });
  await expect(trained).rejects.toMatchObject(refused);
});
