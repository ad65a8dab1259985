import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { resolvePlan } from '@consilium/plan';
import { importSafetensors } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResultsView } from './runs/results.js';
import type { RunView } from './runs/run-view.js';
import { TestFederation } from './testing/federation.js';
import { tinyPlan } from './testing/plans.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
});
afterAll(async () => federation.close());

const COUNTS = { ash: 30, birch: 10 } as const;
const deltaOf = (site: keyof typeof COUNTS) => (round: number, index: number) =>
  Math.fround((site === 'ash' ? 0.01 : -0.03) * round * ((index % 5) + 1));

async function runToEnd(strategy: 'fedavg' | 'local'): Promise<RunView> {
  const { hash } = await federation.json<{ hash: string }>('POST', '/api/plans', { plan: tinyPlan(strategy) });
  const run = await federation.json<RunView>('POST', '/api/runs', { planHash: hash });
  return ended(run.id);
}

async function ended(runId: string): Promise<RunView> {
  for (;;) {
    const view = await federation.json<RunView>('GET', `/api/runs/${runId}`);
    if (view.finishedAt !== null) return view;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function weights(digest: string): Promise<Float32Array> {
  const response = await federation.http('GET', `/api/models/${digest}/safetensors`);
  return importSafetensors(new Uint8Array(await response.arrayBuffer())).values;
}

it('runs federated averaging from the invitation to the test results, with the weights that the formula gives', async () => {
  for (const siteId of ['birch', 'ash'] as const) {
    const site = await federation.site(siteId, { exampleCount: COUNTS[siteId], delta: deltaOf(siteId) });
    site.begin();
  }
  const run = await runToEnd('fedavg');
  expect(run).toMatchObject({ state: 'completed', reason: null, waitsFor: null, evaluations: { done: 4, total: 4 } });
  expect(run.rounds.map((round) => round.state)).toEqual(['closed', 'closed']);
  expect(run.rounds[1]?.validation?.metrics.accuracy).toBe(0.75);

  const plan = resolvePlan(tinyPlan('fedavg'));
  const initial = buildModel(plan.model, modelPorts(plan)).initialise(deriveSeed(plan.seed, 0, '', 'initial-weights'));
  expect(await weights(run.initialModelDigest)).toEqual(initial);
  let expected = initial;
  for (const round of [1, 2])
    expected = expected.map((w, i) => w + (0.75 * deltaOf('ash')(round, i) + 0.25 * deltaOf('birch')(round, i)));
  expect(await weights(run.finalModels[0]!.digest)).toEqual(expected);

  const results = await federation.json<ResultsView>('GET', `/api/runs/${run.id}/results`);
  expect(results.metric).toBe('auroc');
  expect(results.models.map((m) => m.origin)).toEqual(['initial', 'global']);
  expect(results.models[1]).toMatchObject({ sites: [{ site: 'ash' }, { site: 'birch' }], overall: { examples: 8 } });
});

it('runs the local strategy: each site goes on from its own model, and every model is tested everywhere', async () => {
  const run = await runToEnd('local');
  expect(run).toMatchObject({ state: 'completed', evaluations: { done: 6, total: 6 } });
  expect(run.rounds.map((round) => round.candidateDigest)).toEqual([null, null]);
  expect(run.finalModels.map((m) => m.site)).toEqual(['ash', 'birch']);
  const initial = await weights(run.initialModelDigest);
  for (const { site, digest } of run.finalModels) {
    const delta = deltaOf(site as keyof typeof COUNTS);
    let expected = initial;
    for (const round of [1, 2]) expected = expected.map((w, i) => w + delta(round, i));
    expect(await weights(digest)).toEqual(expected);
  }
  const results = await federation.json<ResultsView>('GET', `/api/runs/${run.id}/results`);
  expect(results.models.map((m) => [m.origin, m.site, m.sites.length])).toEqual([
    ['initial', null, 2],
    ['local', 'ash', 2],
    ['local', 'birch', 2],
  ]);
});
