import type { Engine } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import type { ClassificationStatistics, SegmentationStatistics } from '@consilium/validation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluateModel, type MemoryPlan, trainLocally } from './index.js';
import { estimateOf } from './memory-estimate.js';
import { classificationPlan, films, scoreEdgesOf, segmentationPlan } from './training.fixture.js';
import type { ExampleSource, LearningTask, TrainingRequest, TrainingStep } from './training.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const seed = deriveSeed(5, 1, 'a', 'train');
const signal = new AbortController().signal;
const batchNormalised = (plan: LearningTask): LearningTask => ({
  ...plan,
  model: { ...plan.model, normalisation: { kind: 'batch' } },
});
const initialOf = (plan: LearningTask): Float32Array =>
  buildModel(plan.model, modelPorts(plan)).initialise(deriveSeed(5, 0, '', 'initialise'));
const request = (plan: LearningTask, examples: ExampleSource): TrainingRequest => ({
  plan,
  initial: initialOf(plan),
  examples,
  closedRounds: 0,
  seed,
  signal,
});

it('a tiny U-Net learns four films by heart', async () => {
  const plan = segmentationPlan({ epochsPerRound: 40 });
  const examples = films(4, 16, 'mask');
  const { values } = await trainLocally(engine, request(plan, examples));
  const statistics = (await evaluateModel(engine, {
    plan,
    values,
    examples,
    scoreEdges: scoreEdgesOf(plan),
    signal,
  })) as SegmentationStatistics;
  expect(statistics.films).toBe(4);
  expect(statistics.structures[0]!.diceSumMicro / 4e6).toBeGreaterThan(0.9);
});

it('a tiny ResNet learns eight films by heart', async () => {
  const plan = classificationPlan({ epochsPerRound: 12, batchSize: 4 });
  const examples = films(8, 32, 'label');
  const { values } = await trainLocally(engine, request(plan, examples));
  const statistics = (await evaluateModel(engine, {
    plan,
    values,
    examples,
    scoreEdges: scoreEdgesOf(plan),
    signal,
  })) as ClassificationStatistics;
  const { positives, negatives } = statistics.classes[1]!;
  // An area under the ROC curve of 1: every film with the disc scores above every film without.
  expect(positives.findIndex((n) => n > 0)).toBeGreaterThan(negatives.findLastIndex((n) => n > 0));
  expect(positives.reduce((a, b) => a + b)).toBe(4);
});

it('the same seed gives the same bytes, another seed or another learning rate others', async () => {
  const plan = { ...segmentationPlan({ learningRateDecay: 0.5 }), augmentation: lively };
  const bytes = async (changes: Partial<TrainingRequest>) =>
    (await trainLocally(engine, { ...request(plan, films(5, 16, 'mask')), ...changes })).values;
  const first = await bytes({});
  expect(await bytes({})).toEqual(first);
  expect(await bytes({ seed: deriveSeed(5, 2, 'a', 'train') })).not.toEqual(first);
  expect(await bytes({ closedRounds: 1 })).not.toEqual(first);
});
const lively: LearningTask['augmentation'] = { flip: 'both', shiftPixels: 2, intensityJitter: 0.1 };

it('the learning rate decays with every round that has closed', async () => {
  const plan = segmentationPlan({ learningRateDecay: 0.5, optimizer: { kind: 'sgd', learningRate: 0.1 } });
  const oneStep = films(2, 16, 'mask');
  const initial = initialOf(plan);
  const change = async (closedRounds: number) => {
    const { values } = await trainLocally(engine, { ...request(plan, oneStep), closedRounds });
    return Math.hypot(...values.map((v, i) => v - initial[i]!));
  };
  expect((await change(2)) / (await change(0))).toBeCloseTo(0.25, 3);
});

it('clips the gradient to the norm that the plan allows', async () => {
  const plan = (clipGradientNorm: number) =>
    segmentationPlan({ clipGradientNorm, optimizer: { kind: 'sgd', learningRate: 0.5 } });
  const initial = initialOf(plan(0));
  const change = async (limit: number) => {
    const { values } = await trainLocally(engine, request(plan(limit), films(2, 16, 'mask')));
    return Math.hypot(...values.map((v, i) => v - initial[i]!));
  };
  const free = await change(0);
  expect(free).toBeGreaterThan(0.05);
  expect(await change(0.01)).toBeCloseTo(0.5 * 0.01, 5);
  expect(await change(100)).toBe(free);
});

it.each([
  ['group', segmentationPlan()],
  ['batch', batchNormalised(segmentationPlan())],
])('no tensor stays behind, step by step and at the end (%s normalisation)', async (_, plan) => {
  const { tf } = engine;
  const before = tf.memory().numTensors;
  const counts: number[] = [];
  const onStep = (): void => void counts.push(tf.memory().numTensors);
  await trainLocally(engine, { ...request(plan, films(7, 16, 'mask')), onStep });
  expect(counts).toHaveLength(4 - (plan.model.normalisation.kind === 'batch' ? 1 : 0));
  expect(new Set(counts).size).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
  const examples = films(3, 16, 'mask');
  await evaluateModel(engine, {
    plan,
    values: initialOf(plan),
    examples,
    trainingExamples: examples,
    scoreEdges: scoreEdgesOf(plan),
    signal,
  });
  expect(tf.memory().numTensors).toBe(before);
});

it('batch normalisation learns its running statistics, also from a site with one film', async () => {
  const plan = batchNormalised(classificationPlan());
  const { layout } = buildModel(plan.model, modelPorts(plan));
  const { values, steps } = await trainLocally(engine, request(plan, films(1, 32, 'label')));
  expect(steps).toBe(1);
  const initial = initialOf(plan);
  let at = 0;
  for (const { name, shape } of layout) {
    const end = at + shape.reduce((a, b) => a * b);
    const isChanged = values.subarray(at, end).some((v, i) => v !== initial[at + i]);
    if (name.endsWith('running-variance')) expect(isChanged, name).toBe(true);
    at = end;
  }
});

it('reports each step, lets other work run between two steps, and stops when asked', async () => {
  const { tf } = engine;
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const seen: TrainingStep[] = [];
  const training = trainLocally(engine, {
    ...request(segmentationPlan({ epochsPerRound: 2 }), films(4, 16, 'mask')),
    signal: controller.signal,
    onStep: (step) => {
      seen.push(step);
      // Not from within: as a message of the parent process would arrive.
      if (step.step === 3) setImmediate(() => controller.abort());
    },
  });
  await expect(training).rejects.toMatchObject({ code: 'STOPPED' });
  expect(seen.map(({ loss, ...rest }) => rest)).toEqual([
    { epoch: 1, epochs: 2, step: 1, steps: 4 },
    { epoch: 1, epochs: 2, step: 2, steps: 4 },
    { epoch: 2, epochs: 2, step: 3, steps: 4 },
  ]);
  expect(tf.memory().numTensors).toBe(before);
});

it('a training that diverges is an error, and leaves no tensor', async () => {
  const { tf } = engine;
  const before = tf.memory().numTensors;
  const poisoned = films(2, 16, 'mask');
  poisoned.read(1).image[3] = Number.NaN;
  const diverged = { code: 'TRAINING_DIVERGED' };
  await expect(trainLocally(engine, request(segmentationPlan(), poisoned))).rejects.toMatchObject(diverged);
  await expect(trainLocally(engine, request(batchNormalised(segmentationPlan()), poisoned))).rejects.toMatchObject(
    diverged,
  );
  expect(tf.memory().numTensors).toBe(before);
});

it('a narrow limit cuts the batches into parts, says so, and learns the same', async () => {
  const plan = segmentationPlan({ batchSize: 6 });
  const examples = films(6, 16, 'mask');
  const whole = await trainLocally(engine, request(plan, examples));
  const plans: MemoryPlan[] = [];
  const memoryLimitBytes = estimateOf(plan, 'cpu')({ mode: 'train', examples: 2, accumulates: true });
  const narrow = { ...engine, backEnd: 'cpu' as const }; // wasm's estimate begins with its first heap, which is larger
  const onMemoryPlan = (memory: MemoryPlan): void => void plans.push(memory);
  const parts = await trainLocally(narrow, { ...request(plan, examples), memoryLimitBytes, onMemoryPlan });
  expect(plans).toMatchObject([{ examplesAtOnce: 2, recomputes: false }]);
  expect(parts.steps).toBe(whole.steps);
  expect(parts.loss / whole.loss).toBeCloseTo(1, 5);
  expect(parts.values).not.toEqual(initialOf(plan));
  const tooNarrow = trainLocally(engine, { ...request(plan, examples), memoryLimitBytes: 1e6 });
  await expect(tooNarrow).rejects.toMatchObject({ code: 'PLAN_TOO_LARGE' });
});

it('refuses weights of another model and a site without examples', async () => {
  const plan = segmentationPlan();
  const examples = films(2, 16, 'mask');
  const mismatch = { code: 'UPDATE_LAYOUT_MISMATCH' };
  const values = new Float32Array(3);
  await expect(trainLocally(engine, { ...request(plan, examples), initial: values })).rejects.toMatchObject(mismatch);
  await expect(
    evaluateModel(engine, { plan, values, examples, scoreEdges: scoreEdgesOf(plan), signal }),
  ).rejects.toMatchObject(mismatch);
  await expect(trainLocally(engine, request(plan, films(0, 16, 'mask')))).rejects.toMatchObject({
    code: 'DATASET_EMPTY',
  });
});
