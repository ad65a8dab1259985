import type { Engine } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { addStatistics, requireValidStatistics, statisticsShape } from '@consilium/validation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluateModel } from './index.js';
import { classificationPlan, films, SCORE_BINS, scoreEdgesOf, segmentationPlan } from './training.fixture.js';
import type { ExampleSource } from './training.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const signal = new AbortController().signal;
const cases = [
  ['segmentation', segmentationPlan(), films(5, 16, 'mask')],
  ['classification', classificationPlan(), films(5, 32, 'label')],
] as const;
const slice = (source: ExampleSource, from: number, to: number): ExampleSource => ({
  count: to - from,
  read: (i) => source.read(from + i),
});

it.each(cases)('the statistics of a %s are valid, and those of two parts add up to the whole', async (_, plan, all) => {
  const values = buildModel(plan.model, modelPorts(plan)).initialise(deriveSeed(1, 0, '', 'initialise'));
  const done: number[] = [];
  const evaluate = (examples: ExampleSource) =>
    evaluateModel(engine, {
      plan,
      values,
      examples,
      scoreEdges: scoreEdgesOf(plan),
      signal,
      onBatch: (n) => done.push(n),
    });
  const whole = await evaluate(all);
  expect(done).toEqual([2, 4, 5]);
  requireValidStatistics(whole, statisticsShape({ ...plan, validation: { scoreBins: SCORE_BINS } }));
  expect(addStatistics([await evaluate(slice(all, 0, 3)), await evaluate(slice(all, 3, 5))])).toEqual(whole);
});

it.each(cases)('an evaluation of a %s stops when asked', async (_, plan, examples) => {
  const values = buildModel(plan.model, modelPorts(plan)).initialise(deriveSeed(1, 0, '', 'initialise'));
  const stopped = evaluateModel(engine, {
    plan,
    values,
    examples,
    scoreEdges: scoreEdgesOf(plan),
    signal: AbortSignal.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' });
});
