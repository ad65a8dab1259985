import { expect, it } from 'vitest';
import {
  classificationStatistics,
  defaultScoreEdges,
  primaryMetric,
  requireValidStatistics,
  type StatisticsShape,
  segmentationStatistics,
  statisticsShape,
} from './index.js';

const invalid = expect.objectContaining({ code: 'EVALUATION_INVALID' });

const FILMS: StatisticsShape = { kind: 'segmentation', structures: 1, pixelsPerFilm: 6 };
const EXAMPLES: StatisticsShape = { kind: 'classification', classes: 2, bins: 11 };

function films() {
  const counter = segmentationStatistics(1);
  counter.addFilm([{ predicted: [1, 1, 1, 0, 0, 0], mask: [1, 1, 0, 1, 0, 0] }]);
  counter.addFilm([{ predicted: [1, 1, 1, 1, 0, 0], mask: [1, 1, 1, 1, 0, 0] }]);
  counter.addFilm([{ predicted: [0, 0, 0, 0, 0, 0], mask: [0, 0, 0, 0, 0, 0] }]);
  return counter.result();
}

function examples() {
  const counter = classificationStatistics(defaultScoreEdges(2, 11));
  counter.addExample([0.9, 0.1], 0);
  counter.addExample([0.4, 0.6], 0);
  counter.addExample([0.2, 0.8], 1);
  return counter.result();
}

it('what was counted is valid, and comes back without fields that nobody asked for', () => {
  expect(requireValidStatistics({ ...films(), patient: 'x' }, FILMS)).toEqual(films());
  expect(requireValidStatistics(structuredClone(examples()), EXAMPLES)).toEqual(examples());
  expect(requireValidStatistics(segmentationStatistics(1).result(), FILMS).kind).toBe('segmentation');
});

it.each([
  { emptyFilms: 4 },
  { emptyFilms: 2 },
  { diceSumMicro: 2_000_001 },
  { diceSumMicro: 1_400_000 },
  { iouSumMicro: 1_700_000 },
  { iouSumMicro: 700_000 },
  { truePositivePixels: 7 },
  { trueNegativePixels: 12 },
  { falsePositivePixels: -1 },
  { falseNegativePixels: 1.5 },
  { falseNegativePixels: '1' },
  { truePositivePixels: Number.NaN },
  { truePositivePixels: undefined },
  { truePositivePixels: 0, falsePositivePixels: 7 },
])('no films can give %o', (change) => {
  const [structure] = films().structures;
  expect(() => requireValidStatistics({ ...films(), structures: [{ ...structure, ...change }] }, FILMS)).toThrow(
    invalid,
  );
});

it.each([
  { examples: 4 },
  { examples: 2 },
  { confusion: [1, 1, 0, 2] },
  { confusion: [2, 1, -1, 1] },
  { confusion: [1, 1, 1] },
  { confusion: [0, 1, 1, 1] },
  { classes: [] },
  { classes: [{ positives: [1], negatives: [2] }, examples().classes[1]] },
  { classes: [...examples().classes].reverse() },
  { classes: [examples().classes[0], { ...examples().classes[1], negatives: new Array(11).fill(0) }] },
  { classes: [null, null] },
])('no examples can give %o', (change) => {
  expect(() => requireValidStatistics({ ...examples(), ...change }, EXAMPLES)).toThrow(invalid);
});

it.each([[null], [undefined], [5], ['statistics'], [[]], [{}]])('%o is no statistics', (value) => {
  expect(() => requireValidStatistics(value, FILMS)).toThrow(invalid);
  expect(() => requireValidStatistics(value, EXAMPLES)).toThrow(invalid);
});

it('no site can count more examples than it has, nor more than a sum can hold', () => {
  for (const [valid, shape] of [
    [films(), FILMS],
    [examples(), EXAMPLES],
  ] as const) {
    expect(requireValidStatistics(valid, shape, 3)).toEqual(valid);
    expect(() => requireValidStatistics(valid, shape, 2)).toThrow(invalid);
  }
  const [all, half] = [Number.MAX_SAFE_INTEGER, 2 ** 52];
  const none = new Array(10).fill(0);
  const many = (a: number, b: number) => ({
    ...{ kind: 'classification', examples: a + b, confusion: [a, 0, 0, b] },
    classes: [
      { positives: [a, ...none], negatives: [b, ...none] },
      { positives: [b, ...none], negatives: [a, ...none] },
    ],
  });
  expect(requireValidStatistics(many(half, half - 1), EXAMPLES)).toMatchObject({ examples: all });
  expect(() => requireValidStatistics(many(half, half), EXAMPLES)).toThrow(invalid);
  const empty = { ...films().structures[0], truePositivePixels: 0, falsePositivePixels: 0, falseNegativePixels: 0 };
  const structure = { ...empty, emptyFilms: all, diceSumMicro: 0, iouSumMicro: 0, trueNegativePixels: all };
  expect(() => requireValidStatistics({ kind: 'segmentation', films: all, structures: [structure] }, FILMS)).toThrow(
    invalid,
  );
});

it('statistics of another plan are refused', () => {
  expect(() => requireValidStatistics(films(), EXAMPLES)).toThrow(invalid);
  expect(() => requireValidStatistics(films(), { ...FILMS, structures: 2 })).toThrow(invalid);
  expect(() => requireValidStatistics(films(), { ...FILMS, pixelsPerFilm: 7 })).toThrow(invalid);
  expect(() => requireValidStatistics(examples(), { ...EXAMPLES, bins: 12 })).toThrow(invalid);
  expect(() => requireValidStatistics(examples(), { ...EXAMPLES, classes: 3 })).toThrow(invalid);
});

it('the shape of statistics follows from the plan', () => {
  const common = { preprocessing: { height: 32, width: 48 }, validation: { scoreBins: 101 } };
  expect(statisticsShape({ ...common, task: { kind: 'segmentation', structures: ['lungs'] } })).toEqual({
    kind: 'segmentation',
    structures: 1,
    pixelsPerFilm: 1536,
  });
  expect(statisticsShape({ ...common, task: { kind: 'classification', classes: ['a', 'b', 'c'] } })).toEqual({
    kind: 'classification',
    classes: 3,
    bins: 101,
  });
  expect([primaryMetric('segmentation'), primaryMetric('classification')]).toEqual(['dice', 'auroc']);
});
