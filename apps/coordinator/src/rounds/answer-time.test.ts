import { Order, Stage } from '@consilium/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(async () => federation.close());

async function orderOf(site: FakeSite, said: { runId: string; evaluationId: string }): Promise<Order> {
  const { order } = await site.calls.reportProgress({ ...said, stage: Stage.EVALUATING }, site.metadata);
  return order;
}

it('a site that still computes an evaluation which nobody waits for any more is told to stop', async () => {
  const [ash, birch] = [await federation.site('ash'), await federation.site('birch')];
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 60, answerSeconds: 2 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash', 'birch']);
  for (const site of [ash, birch]) await site.accept(await site.next('invitation'));
  for (const site of [ash, birch]) await site.train(await site.next('train'));
  await ash.evaluate(await ash.next('evaluate'));
  const { evaluationId } = await birch.next('evaluate');
  expect(await orderOf(birch, { runId, evaluationId })).toBe(Order.CONTINUE);
  expect(await orderOf(ash, { runId, evaluationId }), 'that of another site').toBe(Order.STOP);
  expect(await orderOf(ash, { runId, evaluationId: '' }), 'whether the run goes on').toBe(Order.CONTINUE);
  const run = await federation.until(runId, (view) => view.rounds[0]?.state === 'closed');
  expect(run.rounds[0]).toMatchObject({ unevaluated: [{ site: 'birch', code: 'EVALUATION_LATE' }] });
  expect(await orderOf(birch, { runId, evaluationId })).toBe(Order.STOP);
  expect(await orderOf(birch, { runId, evaluationId: '' }), 'whether the run goes on').toBe(Order.CONTINUE);
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
  expect(await orderOf(birch, { runId, evaluationId: '' })).toBe(Order.STOP);
});

it('the tests wait for as many answers of a site, one after the other, as it has models to test', async () => {
  const sites = await Promise.all(['cedar', 'fir', 'larch'].map((id) => federation.site(id)));
  const rounds = { count: 1, quorum: 3, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('local', { rounds }), ['cedar', 'fir', 'larch']);
  for (const site of sites) await site.accept(await site.next('invitation'));
  for (const site of sites) await site.train(await site.next('train'));
  for (const site of sites) await site.evaluate(await site.next('evaluate'));
  await federation.until(runId, (view) => view.rounds[0]?.state === 'closed');
  await sites[0]!.next('evaluate');
  const { testDeadlineAt } = await federation.database.run.findUniqueOrThrow({ where: { id: runId } });
  // The model that all began with, and one of each of the three.
  const seconds = (testDeadlineAt!.getTime() - Date.now()) / 1000;
  expect(seconds).toBeGreaterThan(4 * 600 - 60);
  expect(seconds).toBeLessThanOrEqual(4 * 600);
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
});

it('an assignment says how many rounds have closed, and an aborted one is none', async () => {
  const site = await federation.site('willow');
  const rounds = { count: 2, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['willow']);
  await site.accept(await site.next('invitation'));
  const first = await site.next('train');
  await site.train(first);
  await site.evaluate(await site.next('evaluate'));
  const second = await site.next('train');
  const failure = { code: 'ENGINE_CRASHED', sentence: '' };
  await site.calls.reportProgress({ runId, round: second.round, stage: Stage.TRAINING, failure }, site.metadata);
  const third = await site.next('train');
  const said = [first, second, third].map(({ round, closedRounds }) => [round, closedRounds]);
  expect(said).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
  ]);
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
});
