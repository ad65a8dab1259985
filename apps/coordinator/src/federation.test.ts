import { ConsiliumError } from '@consilium/errors';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { resolvePlan } from '@consilium/plan';
import { importSafetensors } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResultsView } from './runs/results.js';
import { TestFederation } from './testing/federation.fixture.js';
import { tinyPlan } from './testing/plans.fixture.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
});
afterAll(async () => federation.close());

/** A mean by examples alone: of two sites with the default share, both would weigh the same. */
const BY_EXAMPLES = tinyPlan('fedavg', {
  rounds: { count: 2, quorum: 2, deadlineSeconds: 60, answerSeconds: 60, maximumShare: 1 },
  protection: { clipToMedianNorm: 0 },
});
const COUNTS = { ash: 30, birch: 10 } as const;
const deltaOf = (site: keyof typeof COUNTS) => (round: number, index: number) =>
  Math.fround((site === 'ash' ? 0.01 : -0.03) * round * ((index % 5) + 1));

async function weights(digest: string): Promise<Float32Array> {
  const response = await federation.http('GET', `/api/models/${digest}/safetensors`);
  return importSafetensors(new Uint8Array(await response.arrayBuffer())).values;
}

it('runs federated averaging from the invitation to the test results, with the weights that the formula gives', async () => {
  for (const siteId of ['birch', 'ash'] as const) {
    const site = await federation.site(siteId, { exampleCount: COUNTS[siteId], delta: deltaOf(siteId) });
    site.begin();
  }
  const run = await federation.ended(await federation.run(BY_EXAMPLES));
  expect(run).toMatchObject({ state: 'completed', reason: null, waitsFor: null, evaluations: { done: 4, total: 4 } });
  expect(run.rounds.map((round) => round.state)).toEqual(['closed', 'closed']);
  expect(run.rounds[1]?.validation?.metrics.accuracy).toBe(0.75);
  expect(run.participants.map(({ site, datasetVersion }) => [site, datasetVersion])).toEqual([
    ['ash', 'v1'],
    ['birch', 'v1'],
  ]);
  interface AuditPage {
    readonly entries: readonly { readonly type: string; readonly entry: { readonly payload: object } }[];
  }
  const { entries } = await federation.json<AuditPage>('GET', '/api/audit?limit=1000');
  const accepted = entries.filter(({ type }) => type === 'invitation.accept').map(({ entry }) => entry.payload);
  expect(accepted).toEqual([
    expect.objectContaining({ datasetVersion: 'v1' }),
    expect.objectContaining({ datasetVersion: 'v1' }),
  ]);

  const plan = resolvePlan(BY_EXAMPLES);
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
  const run = await federation.ended(await federation.run(tinyPlan('local')));
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

it('closes a round by quorum at its deadline, names who was missing, and goes on', async () => {
  const silent = await federation.site('cedar');
  const rounds = { count: 1, quorum: 2, deadlineSeconds: 4, answerSeconds: 60 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }));
  await silent.accept(await silent.next('invitation'));
  const late = await silent.next('train');
  const [round] = (await federation.until(runId, (run) => run.rounds[0]?.closedAt != null)).rounds;
  expect(round).toMatchObject({ state: 'closed', missing: ['cedar'], refused: [] });
  await expect(silent.train(late)).rejects.toMatchObject({ code: 'UPDATE_LATE' });
  await silent.evaluate(await silent.next('evaluate'));
  const { evaluationId, modelDigest, datasetVersion, split } = await silent.next('evaluate');
  const failure = { case: 'failure' as const, value: { code: 'TRAINER_FAILED', sentence: '' } };
  const refused = { evaluationId, modelDigest, datasetVersion, split, result: failure };
  await silent.calls.submitEvaluation(refused, silent.metadata);
  expect(await federation.ended(runId)).toMatchObject({ state: 'completed', evaluations: { done: 5, total: 6 } });
  const { models } = await federation.json<ResultsView>('GET', `/api/runs/${runId}/results`);
  const isSecond = (digest: string) => digest === Buffer.from(modelDigest).toString('hex');
  for (const { digest, sites, missing, overall } of models)
    expect([sites.length, missing, overall.examples]).toEqual(isSecond(digest) ? [2, ['cedar'], 8] : [3, [], 12]);
  const about = await silent.next('stop');
  expect(about.runId).toBe(runId);
});

it('gives up after three rounds without a quorum, and says why', async () => {
  const absent = await federation.site('dogwood');
  const rounds = { count: 2, quorum: 3, deadlineSeconds: 0.3, answerSeconds: 60 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash', 'birch', 'dogwood']);
  await absent.accept(await absent.next('invitation'));
  const run = await federation.ended(runId);
  expect(run.state).toBe('failed');
  // A slow machine may miss more of them.
  expect(run.reason).toMatch(/^Gave up after round 3: Too few sites: \d of 3 needed; missing: .*dogwood\.$/);
  expect(run.rounds.map((r) => r.state)).toEqual(['aborted', 'aborted', 'aborted']);
});

it('goes on after a restart in the middle of a round, and ends with the same weights', async () => {
  const sites = ['ash', 'birch', 'elm'];
  const elm = await federation.site('elm', { exampleCount: 5, delta: deltaOf('ash') });
  const plan = tinyPlan('fedavg', {
    seed: 42,
    rounds: { count: 2, quorum: 3, deadlineSeconds: 60, answerSeconds: 60 },
  });
  const calm = await federation.run(plan, sites);
  elm.begin();
  const undisturbed = await federation.ended(calm);
  const disturbed = await federation.run(plan, sites);
  await federation.until(
    disturbed,
    (run) => run.rounds[0]?.participations.some((p) => p.state === 'submitted') === true,
  );
  await federation.stop();
  await federation.start();
  const run = await federation.ended(disturbed);
  expect(run.state).toBe('completed');
  expect(run.finalModels).toEqual(undisturbed.finalModels);
});

it('says of what the aggregation fails as long as it does, and goes on when it can', async () => {
  federation.reach = (point) => {
    if (point === 'aggregating') throw new ConsiliumError('DISK_FULL');
  };
  const runId = await federation.run(tinyPlan('fedavg'), ['ash', 'birch']);
  const stuck = await federation.until(runId, (run) => run.waitsFor?.includes('failed') === true);
  federation.reach = () => {};
  expect(stuck.waitsFor).toBe('The coordinator aggregates 2 updates. The last attempt failed: The disk is full.');
  expect(await federation.ended(runId)).toMatchObject({ state: 'completed', waitsFor: null });
});

it('fails when a site that the next round needs does not come back in time, and names it', async () => {
  const [fir, gum] = [await federation.site('fir'), await federation.site('gum')];
  const rounds = { count: 3, quorum: 2, deadlineSeconds: 60, answerSeconds: 3 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['fir', 'gum']);
  for (const site of [fir, gum]) await site.accept(await site.next('invitation'));
  const roundAfterWhichGumIsGone = async () => {
    for (const site of [fir, gum]) await site.train(await site.next('train'));
    const asked = await fir.next('evaluate');
    await gum.evaluate(await gum.next('evaluate'));
    await federation.query("UPDATE site SET last_seen_at = now() - interval '1 hour' WHERE id = 'gum'");
    await fir.evaluate(asked);
    return federation.until(runId, (run) => run.state === 'waiting');
  };
  const { waitsFor } = await roundAfterWhichGumIsGone();
  expect(waitsFor).toMatch(/^Waits for gum to connect: 1 present, 2 needed, until .* UTC\.$/);
  // Nobody could connect while the coordinator did not run: that time does not count.
  await federation.stop();
  await federation.query("UPDATE run SET waiting_since = now() - interval '1 hour' WHERE state = 'waiting'");
  await federation.query("UPDATE site SET last_seen_at = now() - interval '1 hour'");
  await federation.start();
  await roundAfterWhichGumIsGone();
  expect(await federation.ended(runId)).toMatchObject({
    state: 'failed',
    reason: 'Too few sites: 1 of 2 needed; missing: gum.',
  });
});
