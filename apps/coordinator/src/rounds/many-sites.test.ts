import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditEntry, MAXIMUM_ENTRY_BYTES } from '@consilium/audit';
import { manifestDigest, manifestOf, payloadBytes, sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderChunkStore } from '../chunks/folder-chunk-store.js';
import { canonicalText } from '../platform/canonical-text.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

const SITES = Array.from({ length: 350 }, (_, n) => `hospital-of-the-holy-example-${String(n).padStart(3, '0')}`);
const EXAMPLES = 10;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  await addSites();
}, 60_000);
afterAll(async () => federation.close());

/** Rows as the sites' own calls would leave them; 350 agents are not needed to fill a round. */
async function addSites(): Promise<void> {
  await federation.database.site.createMany({
    data: SITES.map((id) => ({
      ...{ id, instanceId: id, startCount: 1n, agentVersion: 'test', backEnds: [] },
      datasets: [{ name: 'phantom', version: 'v1', train: EXAMPLES, validation: 4, test: 4 }],
    })),
  });
}

async function acceptAll(runId: string): Promise<void> {
  const data = { state: 'accepted' as const, datasetVersion: 'v1', exampleCount: BigInt(EXAMPLES) };
  await federation.database.participant.updateMany({ where: { runId }, data });
  await federation.database.site.updateMany({ data: { lastSeenAt: new Date() } });
}

async function submitAll(runId: string, sites: readonly string[]): Promise<void> {
  const { database, dataFolder } = federation;
  const run = await database.run.findUniqueOrThrow({ where: { id: runId } });
  const model = await database.model.findUniqueOrThrow({
    where: { digest: run.initialModelDigest },
    include: { layout: true },
  });
  const store = new FolderChunkStore(path.join(dataFolder, 'chunks'));
  for (const [n, siteId] of sites.entries()) {
    const values = Float32Array.from({ length: Number(model.bytes) / 4 }, (_, at) => 1e-4 * ((at % 5) + n));
    const manifest = manifestOf(model.layout.entries as never, values);
    await store.keeping(() => store.put(manifest.chunkDigests[0]!, payloadBytes(values)));
    const digest = manifestDigest(manifest);
    const key = { runId, round: 1, siteId };
    await database.siteUpdate.create({
      data: {
        ...{ ...key, updateId: sha256Hex(canonicalText({ ...key, manifestDigest: digest })), manifestDigest: digest },
        ...{ manifest: { ...manifest, chunkDigests: [...manifest.chunkDigests] }, exampleCount: BigInt(EXAMPLES) },
        ...{ localSteps: 1n, baseModelDigest: run.initialModelDigest, trainingLoss: 0.5, deltaNorm: 1 },
        ...{ auditSeq: 0n, auditLeafHash: new Uint8Array(32) },
      },
    });
  }
  await database.participation.updateMany({ where: { runId, round: 1 }, data: { state: 'submitted' } });
}

async function entriesOf(runId: string): Promise<AuditEntry[]> {
  const rows = await federation.database.auditEntry.findMany({ orderBy: { seq: 'asc' } });
  expect(Math.max(...rows.map((row) => row.bytes.byteLength))).toBeLessThanOrEqual(MAXIMUM_ENTRY_BYTES);
  return rows.map((row) => JSON.parse(Buffer.from(row.bytes).toString())).filter((entry) => entry.runId === runId);
}

it('closes a round of 350 updates, and the log names every one of them', async () => {
  const rounds = { count: 1, quorum: 300, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds, protection: { maximumDeltaNorm: 1e6 } }), SITES);
  await federation.stop();
  await acceptAll(runId);
  await federation.start();
  await federation.until(runId, (run) => run.rounds[0]?.state === 'training');
  await federation.stop();
  await submitAll(runId, SITES);
  await federation.start();
  const since = performance.now();
  const run = await federation.until(runId, ({ rounds: [round] }) => round?.state === 'validating');
  console.info(`closed and aggregated ${SITES.length} updates in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  expect(run.rounds[0]?.waitsFor).toContain('and 338 others');

  const entries = await entriesOf(runId);
  const listed = (type: string, key: string) => {
    const at = entries.findIndex((entry) => entry.type === type);
    const { digest, count, parts } = entries[at]!.payload[key] as { digest: string; count: number; parts: number };
    const items = entries.slice(at - parts, at).flatMap(({ payload }) => payload.items as { site: string }[]);
    expect([sha256Hex(canonicalText(items)), items.length]).toEqual([digest, count]);
    return items;
  };
  expect(listed('round.submissions.closed', 'updates').map(({ site }) => site)).toEqual(SITES);
  expect(listed('round.cohort', 'sites')).toEqual(SITES);
  expect(listed('run.create', 'sites')).toEqual(SITES);
}, 120_000);

it('asks 265 sites of a local run to test 266 models each, and books every question', async () => {
  const sites = SITES.slice(0, 265);
  const rounds = { count: 1, quorum: 265, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('local', { rounds }), sites);
  await federation.stop();
  await acceptAll(runId);
  await federation.start();
  await federation.until(runId, (run) => run.rounds[0]?.state === 'training');
  await federation.stop();
  await submitAll(runId, sites);
  await federation.start();
  await federation.until(runId, ({ rounds: [round] }) => round?.state === 'validating');
  await federation.stop();
  await federation.database.evaluation.updateMany({ where: { runId }, data: { state: 'received' } });
  await federation.database.site.updateMany({ data: { lastSeenAt: new Date() } });
  const since = performance.now();
  await federation.start();
  const run = await federation.database.run.findUniqueOrThrow({ where: { id: runId } });
  const asked = async () => federation.database.evaluation.count({ where: { runId, round: 0 } });
  while ((await asked()) === 0) await sleep(100);
  console.info(`asked for ${await asked()} tests in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  expect([run.state, await asked()]).toEqual(['running', 265 * 266]);
  // Nothing was counted here: all have the default edges, which are kept once.
  expect(await federation.database.scoreEdges.count()).toBe(1);
  const assigned = await federation.database.$queryRaw<[{ count: number }]>`
    SELECT COUNT(*)::int AS count FROM audit_entry
    WHERE convert_from(bytes, 'UTF8') LIKE ${`%"round":0,"runId":"${runId}"%"type":"evaluation.assigned"%`}`;
  expect(assigned[0].count).toBe(265 * 266);
}, 180_000);
