import type { AuditEntry } from '@consilium/audit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RoundView } from '../runs/run-view.js';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

const HONEST = ['ash', 'birch', 'cedar'];
/** More is refused with the Hello that declares it. */
const MOST = 2 ** 31 - 1;
const rounds = { count: 1, quorum: 4, deadlineSeconds: 600, answerSeconds: 600 };
/** As it was: no share and no length is too large. */
const UNBOUNDED = {
  rounds: { ...rounds, maximumShare: 1 },
  protection: { clipToMedianNorm: 0 },
};

let federation: TestFederation;
const sites = new Map<string, FakeSite>();
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  for (const site of HONEST)
    sites.set(site, await federation.site(site, { exampleCount: 100, delta: (_, index) => 0.01 * (index % 2) }));
  for (const [site, exampleCount, length] of [
    ['many', MOST, 0.01],
    ['long', 100, 10],
    ['owner', MOST, 10],
  ] as const)
    sites.set(site, await federation.site(site, { exampleCount, delta: (_, index) => length * ((index + 1) % 2) }));
  for (const site of sites.values()) site.begin();
});
afterAll(async () => federation.close());

/**
 * A round of three honest sites and one attacker; how far it moved the model its way, relative to how far the honest sites
 * would have moved it: they change the odd values by .01, it changes the even ones.
 */
async function attacked(
  attacker: string,
  changes: object,
): Promise<{ pulled: number; round: RoundView; runId: string }> {
  const runId = await federation.run(tinyPlan('fedavg', { rounds, ...changes }), [...HONEST, attacker]);
  const run = await federation.ended(runId);
  expect(run.state).toBe('completed');
  const [round] = run.rounds;
  const before = await values(run.initialModelDigest);
  const after = await values(run.finalModels[0]!.digest);
  return { pulled: (after[0]! - before[0]!) / 0.01, round: round!, runId };
}

/** The first values of the first tensor of a model, as people take it away. */
async function values(digest: string): Promise<Float32Array> {
  const response = await federation.http('GET', `/api/models/${digest}/safetensors`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return new Float32Array(bytes.slice(8 + header, 8 + header + 8).buffer);
}

it.each([
  ['many', 1, 0.5, 'weighs 50 % instead of 100 %'],
  ['long', 250, 0.75, 'change of length'],
  ['owner', 1000, 1.5, 'weighs 50 % instead of 100 %, change of length'],
])(
  'a site (%s) moves the model %d times as far without bounds, and %d with them',
  async (site, before, after, said) => {
    const free = await attacked(site, UNBOUNDED);
    expect(free.pulled).toBeCloseTo(before, 2);
    expect(free.round.weights.map((weight) => weight.limited)).toEqual([null, null, null, null]);
    const bounded = await attacked(site, {});
    expect(bounded.pulled).toBeCloseTo(after, 3);
    expect(bounded.round.weights.filter(({ limited }) => limited !== null)).toEqual([
      expect.objectContaining({ site, limited: expect.stringContaining(said) }),
    ]);
    const page = await (await federation.http('GET', '/')).text();
    expect(page).toContain(said);
    const { entries } = await federation.json<{ entries: { entry: AuditEntry }[] }>(
      'GET',
      '/api/audit?from=0&limit=1000',
    );
    const limited = entries.map(({ entry }) => entry).filter((e) => e.type === 'update.limited');
    expect(limited.filter((e) => e.runId === free.runId)).toEqual([]);
    const [act] = limited.filter((e) => e.runId === bounded.runId);
    const { exampleShare, share, deltaNorm, clippedNorm } = bounded.round.weights.find((w) => w.site === site)!;
    expect(act?.payload).toEqual({
      ...{ site, exampleShare: String(exampleShare), share: String(share) },
      ...{ deltaNorm: String(deltaNorm), clippedNorm: String(clippedNorm) },
    });
  },
);

it('a site cannot tell of more examples than a number of the database holds', async () => {
  await expect(federation.site('boaster', { exampleCount: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
});

it('a site cannot accept with more examples than it told of, nor with a dataset that it did not', async () => {
  const liar = await federation.site('liar', { exampleCount: 40 });
  const runId = await federation.run(tinyPlan('fedavg', { rounds: { ...rounds, quorum: 1 } }), ['liar']);
  const { planDigest } = await liar.next('invitation');
  const answer = (datasetVersion: string, exampleCount: bigint) =>
    liar.calls.answerInvitation(
      { runId, planDigest, answer: { case: 'accept', value: { datasetVersion, exampleCount } } },
      liar.metadata,
    );
  for (const [version, count] of [
    ['v1', 41n],
    ['v1', BigInt(MOST)],
    ['v1', BigInt(Number.MAX_SAFE_INTEGER)],
    ['v2', 40n],
  ] as const)
    await expect(answer(version, count)).rejects.toMatchObject({ code: 'DATASET_COUNT_MISMATCH' });
  // Fewer may be: some pictures have no label, or the plan selects.
  await answer('v1', 39n);
  expect((await federation.view(runId)).participants[0]).toMatchObject({ state: 'accepted', exampleCount: 39 });
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
});
