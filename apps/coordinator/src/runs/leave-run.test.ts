import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
let ash: FakeSite;
let birch: FakeSite;
let cedar: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  ash = await federation.site('ash');
  birch = await federation.site('birch');
  cedar = await federation.site('cedar');
});
afterAll(async () => federation.close());

const WITHDRAWN = { code: 'SITE_WITHDREW', sentence: 'The dataset was removed.' };
const leave = async (site: FakeSite, runId: string) =>
  (await site.calls.leaveRun({ runId, reason: WITHDRAWN }, site.metadata)).receipt!;

/** A run of two rounds, in whose first one all three sites have their training. */
async function training(quorum: number) {
  const rounds = { count: 2, quorum, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash', 'birch', 'cedar']);
  for (const site of [ash, birch, cedar]) await site.accept(await site.next('invitation'));
  const works = [await ash.next('train'), await birch.next('train'), await cedar.next('train')] as const;
  return { runId, works };
}

it('a site leaves in the middle of its training: the run goes on and says so, and no update of it is taken', async () => {
  const { runId, works } = await training(2);
  const [forAsh, forBirch, forCedar] = works;
  await ash.train(forAsh);
  const { values, manifest } = cedar.delta(forCedar);
  await cedar.upload(forCedar, manifest, values);
  const uploads = path.join(federation.dataFolder, 'uploads', runId, '1');
  expect(await readdir(uploads)).toContain('cedar');
  const receipt = await leave(cedar, runId);
  expect(await readdir(uploads)).not.toContain('cedar');
  expect(receipt.id).toBe(runId);
  expect(await leave(cedar, runId)).toEqual(receipt);
  await expect(cedar.fetch(forCedar.modelDigest, forCedar.model!.chunkDigests)).rejects.toMatchObject({
    code: 'CHUNK_NOT_AVAILABLE',
  });
  await expect(cedar.submit(forCedar, manifest)).rejects.toMatchObject({ kind: 'conflict' });
  const report = { runId, round: 1, stage: 2 };
  expect((await cedar.calls.reportProgress(report, cedar.metadata)).order).toBe(2);
  expect(await cedar.poll()).toMatchObject({ case: undefined });

  await birch.train(forBirch);
  for (const site of [ash, birch]) await site.evaluate(await site.next('evaluate'));
  for (const site of [ash, birch]) await site.train(await site.next('train'));
  for (const site of [ash, birch]) await site.evaluate(await site.next('evaluate'));
  const tests = await federation.until(runId, ({ evaluations }) => evaluations.total > 0);
  expect(tests.evaluations.total).toBe(4);
  for (const site of [ash, birch])
    for (let model = 0; model < 2; model++) await site.evaluate(await site.next('evaluate'));
  const run = await federation.ended(runId);
  expect(run.state).toBe('completed');
  expect(run.participants.find(({ site }) => site === 'cedar')).toMatchObject({
    state: 'left',
    reason: WITHDRAWN.sentence,
  });
  expect(run.rounds[0]!.refused).toEqual([{ site: 'cedar', code: 'SITE_WITHDREW' }]);
  expect(run.rounds.map(({ participations }) => participations.length)).toEqual([3, 2]);
  const { entries } = await federation.json<{ entries: unknown[] }>(
    'GET',
    `/api/audit?from=${receipt.auditIndex}&limit=1`,
  );
  expect(entries[0]).toMatchObject({
    entry: { type: 'participant.leave', actor: { kind: 'site', id: 'cedar' }, payload: { round: 1 } },
  });
  for (const site of [ash, birch]) await site.next('stop');
});

it('an update that was booked before stays in its round, and nobody waits for the evaluation of who has left', async () => {
  const { runId, works } = await training(2);
  const [forAsh, forBirch, forCedar] = works;
  await cedar.train(forCedar);
  await leave(cedar, runId);
  for (const [site, work] of [
    [ash, forAsh],
    [birch, forBirch],
  ] as const)
    await site.train(work);
  for (const site of [ash, birch]) await site.evaluate(await site.next('evaluate'));
  const run = await federation.until(runId, (view) => view.rounds[0]?.state === 'closed');
  expect(run.rounds[0]!.weights.map(({ site }) => site)).toEqual(['ash', 'birch', 'cedar']);
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'the test is over' });
  for (const site of [ash, birch]) await site.next('stop');
}, 30_000);

it('without a quorum the run fails at once, and names who left', async () => {
  const { runId } = await training(3);
  await leave(cedar, runId);
  const run = await federation.ended(runId);
  expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining('2 of 3 needed; missing: cedar') });
  await expect(leave(birch, runId)).rejects.toMatchObject({ code: 'RUN_EVENT_NOT_ALLOWED' });
  const stranger = await federation.site('stranger');
  await expect(leave(stranger, runId)).rejects.toMatchObject({ code: 'SITE_NOT_IN_COHORT' });
});

it('a certificate of another site is refused before anything of it is kept', async () => {
  const sites = () => federation.database.site.findMany({ orderBy: { id: 'asc' } });
  const before = await sites();
  const audit = await federation.database.auditEntry.count();
  const hello = (more: object) =>
    birch.calls.hello({ instanceId: 'mixed-up', startCount: 99n, agentVersion: 'test', datasets: [], ...more });
  for (const more of [{ siteId: 'ash' }, { federation: 'elsewhere' }])
    await expect(hello(more)).rejects.toMatchObject({ code: 'CERTIFICATE_OF_ANOTHER' });
  await expect(hello({ lastReceiptAuditIndex: 1_000_000n })).rejects.toMatchObject({ code: 'COORDINATOR_LOG_BEHIND' });
  expect(await sites()).toEqual(before);
  expect(await federation.database.auditEntry.count()).toBe(audit);
  await birch.poll();
});
