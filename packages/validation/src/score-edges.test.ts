import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  type ClassificationStatistics,
  classificationStatistics,
  defaultScoreEdges,
  edgesOfEqualMass,
  metricBounds,
  metricsOf,
  requireValidScoreEdges,
  type ScoreEdges,
  scoreEdgesText,
} from './index.js';
import { seeded } from './seeded.fixture.js';

const BINS = 101;
const invalid = expect.objectContaining({ code: 'EVALUATION_INVALID' });

type Scored = { readonly label: number; readonly score: number };

function count(examples: readonly Scored[], edges: ScoreEdges): ClassificationStatistics {
  const counter = classificationStatistics(edges);
  for (const { label, score } of examples) counter.addExample([0, score], label);
  return counter.result();
}

/** Edges after so many validations of a model whose scores stay what they are. */
function edgesAfter(rounds: number, draw: () => Scored[]): ScoreEdges {
  let edges = defaultScoreEdges(2, BINS);
  for (let round = 0; round < rounds; round++) edges = edgesOfEqualMass(count(draw(), edges), edges, 'same model');
  return edges;
}

function exactAuroc(examples: readonly Scored[]): number {
  const scores = (label: number) => examples.filter((e) => e.label === label).map((e) => e.score);
  const wins = scores(1).flatMap((p): number[] => scores(0).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
  return wins.reduce((a, b) => a + b, 0) / wins.length;
}

/** Of each model: what its scores are like, how many validations there were, and the bound with the grid. */
it.each([
  ['in between', { mean: 0, spread: 1.5 }, 3, 0.009],
  ['shifted by 8', { mean: 8, spread: 1 }, 3, 0.087],
  ['shifted by -8', { mean: -8, spread: 1 }, 3, 0.075],
  ['shifted by 25', { mean: 25, spread: 1 }, 3, 0.5],
  ['narrow', { mean: 0.3, spread: 0.05 }, 3, 0.074],
  ['narrow and far', { mean: 8, spread: 0.05 }, 3, 0.5],
  ['of two minds', { mean: 0, spread: 1, halves: 30 }, 3, 0.25],
  ['very sure', { mean: 0, spread: 200 }, 8, 0.253],
])('the AUROC of a model that is %s resolves on examples that the edges have not seen', (_, model, rounds, grid) => {
  const random = seeded(23);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = (examples: number) => () =>
    Array.from({ length: examples }, () => {
      const label = random() < 0.4 ? 1 : 0;
      const half = 'halves' in model ? (random() < 0.5 ? 1 : -1) * model.halves : 0;
      return { label, score: model.mean + half + model.spread * (normal() + 1.5 * label) };
    });
  const test = draw(600)();
  const counted = [defaultScoreEdges(2, BINS), edgesAfter(rounds, draw(400))].map((edges) => count(test, edges));
  const bounds = counted.map((statistics) => metricBounds(statistics).auroc!);
  expect(bounds[0]!).toBeCloseTo(grid, 2);
  expect(bounds[1]!).toBeLessThanOrEqual(0.005);
  for (const [i, statistics] of counted.entries())
    expect(Math.abs(metricsOf(statistics).auroc! - exactAuroc(test))).toBeLessThanOrEqual(bounds[i]! + 1e-12);
});

it('scores that training has moved are still told apart, half as well as by the grid', () => {
  const random = seeded(9);
  const draw = (mean: number) =>
    Array.from({ length: 400 }, () => {
      const label = random() < 0.4 ? 1 : 0;
      return { label, score: mean + 0.5 * random() + 0.25 * label };
    });
  const grid = defaultScoreEdges(2, BINS);
  const before = edgesAfter(3, () => draw(0));
  const moved = draw(2);
  const bound = (edges: ScoreEdges) => metricBounds(count(moved, edges)).auroc!;
  const made = count(draw(0), before);
  expect(bound(edgesOfEqualMass(made, before, 'model before'))).toBeLessThan(2.5 * bound(grid));
  expect(bound(edgesOfEqualMass(made, before, 'same model'))).toBeGreaterThan(3 * bound(grid));
});

it('edges are those that were counted by hand', () => {
  // Five scores in the bin from .36 to 1.39 and ten in that from 1.39 to 5.28, of five and ten of fifteen.
  const edges = defaultScoreEdges(2, 11);
  const counted = count(
    [...Array(15).keys()].map((i) => ({ label: i % 2, score: i < 5 ? 1 : 3 })),
    edges,
  );
  const [, made] = edgesOfEqualMass(counted, edges, 'same model');
  const mass = (x: number, from: number, to: number) => Math.min(1, Math.max(0, (x - from) / (to - from)));
  const grid = [-40, ...edges[1]!, 40];
  const below = (x: number) => {
    const counts = mass(x, edges[1]![6]!, edges[1]![7]!) / 3 + (mass(x, edges[1]![7]!, edges[1]![8]!) * 2) / 3;
    const even = grid.slice(1).reduce((sum, to, bin) => sum + mass(x, grid[bin]!, to) / 11, 0);
    return 0.9 * counts + 0.1 * even;
  };
  expect(made!.map(below)).toEqual(made!.map((_, i) => expect.closeTo((i + 1) / 11, 12)));
});

it('edges are the same bits everywhere', () => {
  const random = seeded(4);
  const draw = () => Array.from({ length: 90 }, () => ({ label: random() < 0.5 ? 1 : 0, score: 3 * random() - 1 }));
  const digest = createHash('sha256')
    .update(scoreEdgesText(edgesAfter(3, draw)))
    .digest('hex');
  expect(digest).toBe('25c1844267f0f4d7c2d8f7b787d83b30000b52e5fe4591f68c261a452d7044fa');
});

it('they are valid whatever was counted: one score, scores of one value, counts far beyond any edge', () => {
  const draws: Readonly<Record<string, () => Scored[]>> = {
    none: () => [],
    ten: () => Array.from({ length: 10 }, (_, i) => ({ label: i % 2, score: i })),
    eleven: () => Array.from({ length: 11 }, (_, i) => ({ label: i % 2, score: i })),
    'of one value': () => Array.from({ length: 50 }, (_, i) => ({ label: i % 2, score: 7.25 })),
    'of one label': () => Array.from({ length: 50 }, (_, i) => ({ label: 0, score: i / 10 })),
    'far away': () => Array.from({ length: 50 }, (_, i) => ({ label: i % 2, score: 1e30 })),
  };
  for (const [name, draw] of Object.entries(draws))
    for (const bins of [11, 101, 1001]) {
      let edges = defaultScoreEdges(2, bins);
      for (let round = 0; round < 40; round++) {
        edges = edgesOfEqualMass(count(draw(), edges), edges, 'same model');
        expect(() => requireValidScoreEdges(edges, { kind: 'classification', classes: 2, bins }), name).not.toThrow();
      }
      const isGrid = scoreEdgesText(edges) === scoreEdgesText(defaultScoreEdges(2, bins));
      expect([name, isGrid]).toEqual([name, name === 'none' || name === 'ten']);
    }
});

it('they follow no few scores on their own: four are put together with their neighbours', () => {
  const at = (score: number, n: number) => Array.from({ length: n }, (_, i) => ({ label: i % 2, score }));
  const edges = defaultScoreEdges(2, BINS);
  const made = edgesOfEqualMass(count([...at(-3, 8), ...at(0.5, 4), ...at(3, 8)], edges), edges, 'same model')[1]!;
  const near = (list: readonly number[], score: number) => list.filter((edge) => Math.abs(edge - score) < 0.1).length;
  expect(near(made, 0.5)).toBeLessThan(8);
  expect(near(made, -3)).toBeGreaterThan(15);
});

it('each class has edges of its own', () => {
  const counter = classificationStatistics(defaultScoreEdges(3, BINS));
  for (let i = 0; i < 60; i++) counter.addExample([0, 5 + (i % 7) / 7, i % 2 ? -9 : 9], i % 3);
  const edges = edgesOfEqualMass(counter.result(), defaultScoreEdges(3, BINS), 'same model');
  expect(new Set(edges.map((list) => scoreEdgesText([list]))).size).toBe(3);
});

it('edges of another shape, or that do not ascend, are refused', () => {
  const shape = { kind: 'classification', classes: 2, bins: 3 } as const;
  expect(
    requireValidScoreEdges(
      [
        [0, 1],
        [-1, 1],
      ],
      shape,
    ),
  ).toEqual([
    [0, 1],
    [-1, 1],
  ]);
  for (const bad of [
    [],
    [[0, 1]],
    [
      [0, 1],
      [0, 1, 2],
    ],
    [[0, 1], [0]],
    [
      [0, 1],
      [1, 1],
    ],
    [
      [0, 1],
      [1, 0],
    ],
    [
      [0, 1],
      [0, Number.NaN],
    ],
    [
      [0, 1],
      [0, Number.POSITIVE_INFINITY],
    ],
    [
      [0, 1],
      [Number.NEGATIVE_INFINITY, 0],
    ],
  ])
    expect(() => requireValidScoreEdges(bad, shape), JSON.stringify(bad)).toThrow(invalid);
  const films = { kind: 'segmentation', structures: 1, pixelsPerFilm: 4 } as const;
  expect(requireValidScoreEdges([], films)).toEqual([]);
  expect(() => requireValidScoreEdges([[0, 1]], films)).toThrow(invalid);
});
