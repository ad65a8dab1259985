import { expect, it } from 'vitest';
import type { ModelResult, RunResults } from '../contract.js';
import { outcomeTable, planOutcome } from './results.js';

function model(
  origin: ModelResult['origin'],
  site: string | null,
  round: number,
  figures: readonly [number | null, number | null, number | null],
): ModelResult {
  const [alder, birch, all] = figures;
  return {
    digest: `${origin}-${site ?? 'all'}-${round}`,
    origin,
    site,
    round,
    sites: [
      { site: 'alder', examples: 30, metrics: { auroc: alder, accuracy: 0.111 }, bounds: {}, problem: null },
      { site: 'birch', examples: 7, metrics: { auroc: birch, accuracy: 0.222 }, bounds: {}, problem: null },
    ],
    missing: [],
    overall: { examples: 37, metrics: { auroc: all, accuracy: 0.333 }, bounds: {}, problem: null },
  };
}

const metrics = { metric: 'auroc', metrics: ['auroc', 'accuracy'] };
const federated: RunResults = {
  ...metrics,
  models: [model('initial', null, 0, [0.5, 0.52, 0.51]), model('global', null, 6, [0.91, 0.83, 0.89])],
};
const local: RunResults = {
  ...metrics,
  models: [
    model('initial', null, 0, [0.5, 0.52, 0.51]),
    model('local', 'birch', 6, [0.61, 0.79, 0.62]),
    model('local', 'alder', 6, [0.84, 0.66, 0.8]),
  ],
};
const facts = { plan: 'phantom-classification', model: 'resnet', rounds: 6, seconds: 61.25 };

it('holds for each site its own local model against the federated one, on its own test data', () => {
  const outcome = planOutcome({ ...facts, federated, local });
  const exact = { before: null, localOnly: null, federated: null };
  expect(outcome).toEqual({
    ...facts,
    metric: 'auroc',
    modelDigest: 'global-all-6',
    sites: [
      { site: 'alder', examples: 30, before: 0.5, localOnly: 0.84, federated: 0.91, bounds: exact },
      { site: 'birch', examples: 7, before: 0.52, localOnly: 0.79, federated: 0.83, bounds: exact },
    ],
    overall: {
      ...{ before: 0.51, localOnly: (0.62 + 0.8) / 2, bestLocalOnly: 0.8, federated: 0.89 },
      bounds: { ...exact, bestLocalOnly: null },
    },
    missing: [],
  });
});

it('a metric that is not defined stays null and is a dash in the table', () => {
  const gaps: RunResults = { ...local, models: [model('local', 'alder', 6, [null, 0.6, null])] };
  const outcome = planOutcome({ ...facts, federated, local: gaps });
  expect(outcome.sites.map(({ localOnly }) => localOnly)).toEqual([null, null]);
  expect(outcome.overall).toMatchObject({ localOnly: null, bestLocalOnly: null });
  expect(outcomeTable(outcome).join()).toContain('–');
});

it('the table has a row for each site and one over all', () => {
  expect(outcomeTable(planOutcome({ ...facts, federated, local }))).toEqual([
    'phantom-classification: AUROC on test data after 6 rounds (resnet, 61 s)',
    'site     examples  before  local only  federated  best local only',
    '───────  ────────  ──────  ──────────  ─────────  ───────────────',
    'alder          30   0.500       0.840      0.910',
    'birch           7   0.520       0.790      0.830',
    'overall        37   0.510       0.710      0.890            0.800',
  ]);
});

it('keeps the row of a site without a result, and names it under the table', () => {
  const without = (site: string, whole: ModelResult): ModelResult => ({
    ...whole,
    sites: whole.sites.filter((row) => row.site !== site),
    missing: [site],
  });
  const [initial, global] = federated.models as [ModelResult, ModelResult];
  const outcome = planOutcome({
    ...facts,
    federated: { ...metrics, models: [initial, without('birch', global)] },
    local: { ...metrics, models: local.models.map((m) => (m.site === 'alder' ? without('cedar', m) : m)) },
  });
  expect(outcome.sites).toMatchObject([
    { site: 'alder', examples: 30, federated: 0.91 },
    { site: 'birch', examples: 7, before: 0.52, localOnly: 0.79, federated: null },
    { site: 'cedar', examples: null, before: null, localOnly: null, federated: null },
  ]);
  // What was not tested on everybody's films is neither averaged nor the best.
  expect(outcome.overall).toMatchObject({ localOnly: 0.62, bestLocalOnly: 0.62 });
  expect(outcome.missing).toEqual([
    { model: 'local only of alder', sites: ['cedar'] },
    { model: 'federated', sites: ['birch'] },
  ]);
  expect(outcomeTable(outcome).at(-1)).toBe(
    'Test results are missing (local only of alder: cedar; federated: birch): ' +
      'the overall figures are without them, and not of the same data.',
  );
});

it('each figure that is counted in bins has its bound beside it, and what is not resolved is marked and explained', () => {
  const bounded = (own: ModelResult, all: number, site: number): ModelResult => ({
    ...own,
    sites: own.sites.map((row) => ({ ...row, bounds: { auroc: site } })),
    overall: { ...own.overall, bounds: { auroc: all } },
  });
  const [initial, global] = federated.models as [ModelResult, ModelResult];
  const outcome = (site: number) =>
    planOutcome({
      ...facts,
      federated: { ...metrics, models: [initial, bounded(global, 0.0021, site)] },
      local: { ...metrics, models: local.models.map((own, i) => bounded(own, 0.001 * i, 0.002)) },
    });
  expect(outcome(0.0042).overall.bounds).toEqual({
    before: null,
    localOnly: expect.closeTo((0.001 + 0.002) / 2, 12),
    bestLocalOnly: expect.closeTo(0.002, 12),
    federated: 0.0021,
  });
  const lines = (site: number) => outcomeTable(outcome(site));
  const cells = (line: string | undefined) => line?.split(/ {2,}/);
  expect(lines(0.0042)).toHaveLength(6);
  expect(cells(lines(0.0042)[3])).toEqual(['alder', '30', '0.500', '0.840 ±0.002', '0.910 ±0.004']);
  expect(cells(lines(0.0042)[5])).toEqual([
    ...['overall', '37', '0.510', '0.710 ±0.002', '0.890 ±0.002', '0.800 ±0.002'],
  ]);
  expect(cells(lines(0.0162)[3])?.at(-1)).toBe('0.910 ±0.016?');
  // A model that is far behind does not make the best one's figure less certain, however wide its own bound.
  const [, behind, best] = local.models as [ModelResult, ModelResult, ModelResult];
  const models = [bounded(behind, 0.1, 0.1), bounded(best, 0.003, 0.1)];
  const { overall } = planOutcome({ ...facts, federated, local: { ...metrics, models } });
  expect(overall.bounds.bestLocalOnly).toBeCloseTo(0.003, 12);
  expect(overall.bounds.localOnly).toBeCloseTo((0.1 + 0.003) / 2, 12);
  expect(lines(0.0162).slice(6)).toEqual([
    expect.stringMatching(/^\? not resolved: scores are counted in bins, .* beyond the sum of their bounds \(±\)\.$/),
  ]);
});
