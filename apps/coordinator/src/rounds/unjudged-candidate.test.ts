import { buildModel, modelPorts } from '@consilium/models';
import { planSchema } from '@consilium/plan';
import { varianceRanges } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

const rounds = { count: 1, quorum: 2, deadlineSeconds: 60, answerSeconds: 60 };
const plan = tinyPlan('fedavg', {
  rounds,
  model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'batch' } },
});
const resolved = planSchema.parse(plan);
const [variance] = varianceRanges(buildModel(resolved.model, modelPorts(resolved)).layout);

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
});
afterAll(async () => federation.close());

it('an update that lowers a running variance below zero is refused, and the round goes on without it', async () => {
  const sites: FakeSite[] = [];
  for (const siteId of ['ash', 'birch']) sites.push(await federation.site(siteId, { delta: () => 0.001 }));
  // The initial variance is 1: what is left of it is -1.
  const lower = (_: number, index: number) => (index === variance!.start + 1 ? -2 : 0.001);
  sites.push(await federation.site('cedar', { delta: lower }));
  for (const site of sites) site.begin();
  const run = await federation.ended(await federation.run(plan, ['ash', 'birch', 'cedar']));
  expect(run.state).toBe('completed');
  expect(run.rounds[0]).toMatchObject({
    state: 'closed',
    refused: [{ site: 'cedar', code: 'MODEL_VARIANCE_INVALID' }],
  });
  expect(run.rounds[0]!.validation?.sites.map(({ site }) => site)).toEqual(['ash', 'birch']);
});

it('a round whose evaluations all failed is rejected with the reason; after three the run gives up', async () => {
  const sites = await Promise.all(
    ['fir', 'linden'].map((siteId) => federation.site(siteId, { evaluationFailure: 'ENGINE_CRASHED' })),
  );
  for (const site of sites) site.begin();
  const run = await federation.ended(await federation.run(tinyPlan('fedavg', { rounds }), ['fir', 'linden']));
  expect(run.state).toBe('failed');
  expect(run.rounds.map(({ state }) => state)).toEqual(['aborted', 'aborted', 'aborted']);
  for (const round of run.rounds)
    expect(round.abortedBecause).toBe(
      'No site could evaluate the candidate: it failed at fir (ENGINE_CRASHED) and linden (ENGINE_CRASHED).',
    );
  expect(run.reason).toContain('No site could evaluate the candidate');
});
