import { expect, it } from 'vitest';
import { auroc, aurocBound } from './auroc.js';
import {
  addStatistics,
  classificationStatistics,
  defaultScoreEdges,
  metricBounds,
  metricsOf,
  segmentationStatistics,
} from './index.js';
import { logOdds, scoreBin, scoreEdges } from './score-bins.js';
import { seeded } from './seeded.fixture.js';

/** Logits whose softmax is these probabilities. */
const logits = (...probabilities: number[]) => probabilities.map(Math.log);

const invalid = expect.objectContaining({ code: 'EVALUATION_INVALID' });

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

/** Cuts a list into `parts` lists of uneven lengths, some of them empty. */
function scattered<T>(list: readonly T[], parts: number, random: () => number): T[][] {
  const sites = Array.from({ length: parts }, (): T[] => []);
  for (const item of list) sites[Math.floor(random() ** 2 * parts)]?.push(item);
  return sites;
}

it('two films have the statistics that were counted by hand', () => {
  const counter = segmentationStatistics(1);
  // TP 2, FP 1, FN 1: Dice 4/6, IoU 2/4.
  counter.addFilm([{ predicted: [0.9, 0.51, 0.7, 0.2, 0.1, 0.5], mask: [1, 1, 0, 1, 0, 0] }]);
  // Nothing there, nothing found.
  counter.addFilm([{ predicted: new Float32Array(6), mask: new Uint8Array(6) }]);
  // Nothing there, two pixels found: Dice 0.
  counter.addFilm([{ predicted: [1, 1, 0, 0, 0, 0], mask: new Uint8Array(6) }]);
  const statistics = counter.result();
  expect(statistics).toEqual({
    kind: 'segmentation',
    films: 3,
    structures: [
      {
        emptyFilms: 1,
        diceSumMicro: 666_667,
        iouSumMicro: 500_000,
        truePositivePixels: 2,
        falsePositivePixels: 3,
        falseNegativePixels: 1,
        trueNegativePixels: 12,
      },
    ],
  });
  expect(metricsOf(statistics)).toEqual({
    dice: 0.666667 / 2,
    iou: 0.25,
    pixelSensitivity: 2 / 3,
    pixelSpecificity: 12 / 15,
  });
});

it('examples have the statistics that were counted by hand', () => {
  const counter = classificationStatistics(defaultScoreEdges(2, 11));
  counter.addExample(logits(0.9, 0.1), 0);
  counter.addExample(logits(0.36, 0.64), 0);
  counter.addExample(logits(0.64, 0.36), 1);
  counter.addExample(logits(0.2, 0.8), 1);
  counter.addExample([-30, 30], 1);
  const statistics = counter.result();
  expect(statistics.examples).toBe(5);
  expect(statistics.confusion).toEqual([1, 1, 1, 2]);
  // Edges +-20, +-5.28, +-1.39, +-.36 and +-.07; the log-odds are -2.2 and .58, then -.58, 1.386 and 60.
  expect(statistics.classes[1]).toEqual({
    positives: [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1],
    negatives: [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0],
  });
  // Of the six pairs, one is in the wrong order, and one shares a bin: 1.386 and .58.
  expect(metricsOf(statistics)).toEqual({ auroc: 4.5 / 6, sensitivity: 2 / 3, specificity: 1 / 2, accuracy: 3 / 5 });
  expect(metricBounds(statistics)).toEqual({ auroc: 0.5 / 6 });
});

it('with three classes the finding is the last one, and each class counts in the macro AUROC', () => {
  const counter = classificationStatistics(defaultScoreEdges(3, 101));
  counter.addExample(logits(0.7, 0.2, 0.1), 0);
  counter.addExample(logits(0.2, 0.7, 0.1), 0);
  counter.addExample(logits(0.1, 0.6, 0.3), 1);
  counter.addExample(logits(0.5, 0.3, 0.2), 2);
  counter.addExample(logits(0.1, 0.1, 0.8), 2);
  expect(metricsOf(counter.result())).toEqual({
    auroc: 5 / 6,
    aurocMacro: (5 / 6 + 3 / 4 + 5 / 6) / 3,
    sensitivity: 1 / 2,
    specificity: 1,
    accuracy: 3 / 5,
  });
});

it('what no example can tell is null, not zero', () => {
  expect(metricsOf(classificationStatistics(defaultScoreEdges(2, 11)).result())).toEqual({
    auroc: null,
    sensitivity: null,
    specificity: null,
    accuracy: null,
  });
  const onlyNegatives = classificationStatistics(defaultScoreEdges(2, 11));
  onlyNegatives.addExample(logits(0.7, 0.3), 0);
  expect(metricsOf(onlyNegatives.result())).toEqual({ auroc: null, sensitivity: null, specificity: 1, accuracy: 1 });
  const empty = segmentationStatistics(1);
  empty.addFilm([{ predicted: [0, 0], mask: [0, 0] }]);
  expect(metricsOf(empty.result())).toEqual({ dice: null, iou: null, pixelSensitivity: null, pixelSpecificity: 1 });
});

it('equal scores count one half', () => {
  const counter = classificationStatistics(defaultScoreEdges(2, 101));
  for (const label of [0, 1, 0, 1]) counter.addExample([0.5, 0.5], label);
  expect(metricsOf(counter.result()).auroc).toBe(0.5);
});

it('a score lies between its edges, and what is sure of itself beyond the last', () => {
  const edges = scoreEdges(101);
  expect(edges).toHaveLength(100);
  expect([edges[0], edges[99]].map((edge) => edge!.toFixed(9))).toEqual(['-20.000000000', '20.000000000']);
  expect(edges.every((edge, i) => i === 0 || edge > edges[i - 1]!)).toBe(true);
  expect(edges[50]! - edges[49]!).toBeLessThan(0.013);
  expect([-100, edges[0]!, 0, edges[99]!, 100].map((score) => scoreBin(score, edges))).toEqual([0, 1, 50, 100, 100]);
});

it('log-odds are of one class against all others, and do not saturate', () => {
  expect(logOdds([1, 3])).toEqual([-2, 2]);
  expect(logOdds([0, 40])[1]).toBe(40);
  const [a] = logOdds([2, 1, 0]);
  expect(a).toBeCloseTo(2 - Math.log(Math.exp(1) + 1), 12);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => logOdds([0, bad])).toThrow(invalid);
});

it.each([
  ['overconfident', 9, 6],
  ['timid', 0.2, 0.1],
  ['of one mind', 0, 0],
  ['in between', 1.5, 1.5],
  ['shifted', 3, 2, 8],
])('the AUROC of a model that is %s is within its bound of the exact one', (_, spread, apart, shift = 0) => {
  const random = seeded(11);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let repeat = 0; repeat < 20; repeat++) {
    const examples = Array.from({ length: 120 }, () => {
      const label = random() < 0.3 ? 1 : 0;
      return { label, score: shift + spread * normal() + apart * label };
    });
    const counter = classificationStatistics(defaultScoreEdges(2, 101));
    for (const { label, score } of examples) counter.addExample([0, score], label);
    const scores = (label: number) => examples.filter((e) => e.label === label).map((e) => e.score);
    const wins = scores(1).flatMap((p) => scores(0).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
    const exact = wins.reduce<number>((a, b) => a + b, 0) / wins.length;
    const statistics = counter.result();
    const bound = metricBounds(statistics).auroc!;
    expect(Math.abs(metricsOf(statistics).auroc! - exact)).toBeLessThanOrEqual(bound + 1e-12);
    if (spread > 5) expect(bound).toBeLessThan(0.02); // 101 even steps of the probability: up to .1
    if (spread === 0) expect(bound).toBeCloseTo(0.5, 12);
  }
});

it('the bound is half of the pairs that share a bin', () => {
  // Pairs in the same bin: 2 * 1 + 1 * 3 of 4 * 5.
  expect(aurocBound({ positives: [2, 1, 1], negatives: [1, 3, 1] })).toBe((2 + 3 + 1) / (2 * 20));
  expect(auroc({ positives: [2, 1, 1], negatives: [1, 3, 1] })).toBe((2 * 0.5 + 1 * (1 + 1.5) + 1 * (4 + 0.5)) / 20);
  expect(aurocBound({ positives: [2], negatives: [0] })).toBeNull();
});

it('statistics of many sites add up to those of one site with all films, in any order', () => {
  const random = seeded(5);
  for (let repeat = 0; repeat < 10; repeat++) {
    const films = Array.from({ length: 40 }, () => {
      const density = random();
      const mask = Array.from({ length: 36 }, () => (random() < density ? 1 : 0));
      return [{ mask, predicted: mask.map((m) => 0.6 * random() + 0.4 * m) }];
    });
    const count = (list: typeof films) => {
      const counter = segmentationStatistics(1);
      for (const film of list) counter.addFilm(film);
      return counter.result();
    };
    const all = count(films);
    const sites = scattered(films, 5, random).map(count);
    expect(addStatistics(sites)).toEqual(all);
    expect(addStatistics(shuffled(sites, random))).toEqual(all);
    expect(metricsOf(addStatistics(sites))).toEqual(metricsOf(all));
    const dices = films
      .map(([film]) => diceOf(film?.predicted ?? [], film?.mask ?? []))
      .filter((d) => !Number.isNaN(d));
    expect(metricsOf(all).dice).toBeCloseTo(dices.reduce((a, b) => a + b, 0) / dices.length, 6);
  }
});

function diceOf(predicted: readonly number[], mask: readonly number[]): number {
  const marked = predicted.map((p) => (p > 0.5 ? 1 : 0));
  const both = marked.filter((p, i) => p === 1 && mask[i] === 1).length;
  return (2 * both) / (marked.filter(Boolean).length + mask.filter(Boolean).length);
}

it('statistics of many sites add up to those of one site with all examples, in any order', () => {
  const random = seeded(6);
  for (let repeat = 0; repeat < 10; repeat++) {
    const examples = Array.from({ length: 90 }, () => {
      const raw = [random(), random(), random()];
      const sum = raw.reduce((a, b) => a + b, 0);
      return { scores: raw.map((r) => r / sum), label: Math.floor(random() * 3) };
    });
    const count = (list: typeof examples) => {
      const counter = classificationStatistics(defaultScoreEdges(3, 101));
      for (const { scores, label } of list) counter.addExample(logits(...scores), label);
      return counter.result();
    };
    const all = count(examples);
    const sites = scattered(examples, 6, random).map(count);
    expect(addStatistics(sites)).toEqual(all);
    expect(addStatistics(shuffled(sites, random))).toEqual(all);
    expect(metricsOf(addStatistics(sites))).toEqual(metricsOf(all));
  }
});

it('adding changes none of its inputs', () => {
  const counter = classificationStatistics(defaultScoreEdges(2, 11));
  counter.addExample(logits(0.3, 0.7), 1);
  const before = counter.result();
  const sum = addStatistics([before, before, before]);
  counter.addExample(logits(0.3, 0.7), 1);
  expect(before.examples).toBe(1);
  expect(before.confusion).toEqual([0, 0, 0, 1]);
  expect(sum).toMatchObject({ examples: 3, confusion: [0, 0, 0, 3] });
});

it('what cannot be added is refused', () => {
  const two = classificationStatistics(defaultScoreEdges(2, 11)).result();
  const films = segmentationStatistics(1).result();
  expect(() => addStatistics([])).toThrow(invalid);
  expect(() => addStatistics([two, films])).toThrow(invalid);
  expect(() => addStatistics([two, classificationStatistics(defaultScoreEdges(3, 11)).result()])).toThrow(invalid);
  expect(() => addStatistics([two, classificationStatistics(defaultScoreEdges(2, 12)).result()])).toThrow(invalid);
  expect(() => addStatistics([films, segmentationStatistics(2).result()])).toThrow(invalid);
  const huge = { ...films, films: Number.MAX_SAFE_INTEGER };
  expect(() => addStatistics([huge, { ...films, films: 1 }])).toThrow(invalid);
});

it('a counter refuses what does not fit, and counts none of it', () => {
  const films = segmentationStatistics(2);
  const good = { predicted: [1, 0], mask: [1, 0] };
  expect(() => films.addFilm([good])).toThrow(invalid);
  expect(() => films.addFilm([good, { predicted: [1], mask: [1, 0] }])).toThrow(invalid);
  expect(() => films.addFilm([good, { predicted: [Number.NaN, 0], mask: [1, 0] }])).toThrow(invalid);
  expect(films.result()).toEqual(segmentationStatistics(2).result());
  const examples = classificationStatistics(defaultScoreEdges(2, 11));
  expect(() => examples.addExample([0.5], 0)).toThrow(invalid);
  expect(() => examples.addExample([0.5, Number.NaN], 0)).toThrow(invalid);
  for (const label of [-1, 2, 0.5, Number.NaN]) expect(() => examples.addExample([0.5, 0.5], label)).toThrow(invalid);
  expect(examples.result()).toEqual(classificationStatistics(defaultScoreEdges(2, 11)).result());
});
