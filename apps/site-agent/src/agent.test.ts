import { rmSync } from 'node:fs';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, planHash } from '@consilium/plan';
import { Split, Stage } from '@consilium/proto';
import { layoutLength, manifestOf } from '@consilium/tensors';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runAgent } from './agent.js';
import { addDataset } from './commands/dataset.js';
import { digestBytes, digestHex, manifestToWire } from './connection/wire.js';
import { createLogger } from './platform/logger.js';
import { FakeCoordinator } from './testing/fake-coordinator.fixture.js';
import { SMALL_PLAN } from './testing/plan.fixture.js';
import { configOf, temporaryFolder, writeFilms, writeSite } from './testing/site.fixture.js';
import { SOURCE_ENTRY } from './trainer/source-entry.fixture.js';

const root = temporaryFolder();
const films = temporaryFolder();
const soon = { timeout: 20_000, interval: 20 };
let coordinator: FakeCoordinator;
let stop: AbortController;
let agent: Promise<void> | undefined;
let logs: string[];

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  coordinator = await FakeCoordinator.start();
  await writeSite(root, coordinator);
  writeFilms(films, 24);
  await addDataset('films', { dir: root, from: films });
  vi.restoreAllMocks();
});
beforeEach(() => {
  stop = new AbortController();
  logs = [];
});
afterEach(async () => {
  stop.abort();
  await agent?.catch(() => {});
  agent = undefined;
});
afterAll(async () => {
  await coordinator.stop();
  for (const folder of [root, films]) rmSync(folder, { recursive: true });
});

function startAgent(): void {
  const logger = createLogger('debug', 'site-a', { write: (line: string) => void logs.push(line) });
  agent = runAgent(configOf(root), { logger, trainerEntry: SOURCE_ENTRY }, stop.signal);
  agent.catch(() => {});
}

/** The coordinator has seen the new life before it gets work to hand out; the old one's last poll is gone by then. */
async function startConnected(): Promise<void> {
  const hellos = coordinator.hellos.length;
  startAgent();
  await vi.waitFor(() => expect(coordinator.hellos.length).toBeGreaterThan(hellos), soon);
}

const model = buildModel(SMALL_PLAN.model, modelPorts(SMALL_PLAN));
const initial = model.initialise(deriveSeed(SMALL_PLAN.seed, 0, '', 'initialise'));
const manifest = manifestOf(model.layout, initial);
const planDigest = digestBytes(planHash(SMALL_PLAN));

function invite(runId: string): void {
  const plan = canonicalPlan(SMALL_PLAN);
  coordinator.give({ case: 'invitation', value: { runId, plan, planDigest, invitedSites: ['site-a'] } as never });
}

function assign(runId: string, round: number): void {
  const modelDigest = digestBytes(coordinator.addModel(manifest, initial));
  const answer = coordinator.answers.at(-1)!.answer;
  const datasetVersion = answer.case === 'accept' ? answer.value.datasetVersion : '';
  const wire = { runId, round, planDigest, modelDigest, model: manifestToWire(manifest), baseRound: round - 1 };
  coordinator.give({ case: 'train', value: { ...wire, datasetVersion, closesInMs: 60_000n } as never });
}

it('does a whole round: accepts, fetches, trains, submits, evaluates, and keeps the receipts', async () => {
  await startConnected();
  invite('run-1');
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(1), soon);
  const accept = coordinator.answers[0]!.answer;
  expect(accept).toMatchObject({ case: 'accept', value: { exampleCount: 14n } });

  coordinator.cutFetchAt = 1;
  coordinator.pieceBytes = 2048;
  assign('run-1', 1);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
  const [update] = coordinator.updates;
  expect(update).toMatchObject({ runId: 'run-1', round: 1, exampleCount: 14n, localSteps: 4n, baseRound: 0 });
  expect(digestHex(update!.baseModelDigest)).toBe(coordinator.addModel(manifest, initial));
  const delta = coordinator.valuesOf(update!);
  expect(delta).toHaveLength(layoutLength(model.layout));
  expect(Math.hypot(...delta)).toBeCloseTo(update!.deltaNorm, 6);
  expect(update!.deltaNorm).toBeGreaterThan(0);
  // The cut stream went on inside its chunk, and the coordinator was greeted again.
  expect(coordinator.fetchedOffsets).toEqual([0, 2048]);
  expect(coordinator.hellos.length).toBe(2);
  expect(coordinator.hellos[1]!.instanceId).toBe(coordinator.hellos[0]!.instanceId);

  const modelDigest = update!.baseModelDigest;
  const datasetVersion = coordinator.hellos[0]!.datasets[0]!.version;
  const about = { evaluationId: 'e-1', runId: 'run-1', planDigest, modelDigest, model: manifestToWire(manifest) };
  coordinator.give({ case: 'evaluate', value: { ...about, split: Split.TEST, datasetVersion } as never });
  await vi.waitFor(() => expect(coordinator.evaluations).toHaveLength(1), soon);
  const { result } = coordinator.evaluations[0]!;
  expect(result).toMatchObject({ case: 'statistics', value: { kind: { case: 'segmentation', value: { films: 6n } } } });

  const stages = new Set(coordinator.progress.map(({ stage }) => stage));
  expect(stages.size).toBe(4);
  await vi.waitFor(() => expect(logs.join('')).toContain('evaluation booked'), soon);
}, 40_000);

it('a second life sends the booked update again without training, and counts its start', async () => {
  coordinator.updates.length = 0;
  coordinator.chunks.clear();
  coordinator.cutPutAt = 0;
  await startConnected();
  assign('run-1', 1);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
  expect(logs.join('')).toContain('update is in the outbox already');
  expect(logs.join('')).not.toContain('trainer started');
  const hello = coordinator.hellos.at(-1)!;
  expect(hello.startCount).toBe(2n);
  expect(hello.lastReceiptAuditIndex).toBe(BigInt(coordinator.auditSize) - 2n);
}, 30_000);

it('training the round anew in another life gives the same bytes', async () => {
  const [before] = coordinator.updates;
  coordinator.updates.length = 0;
  await startConnected();
  invite('run-1');
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(2), soon);
  coordinator.give({ case: 'stop', value: { runId: 'run-1', reason: 'test' } as never });
  invite('run-1');
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(3), soon);
  assign('run-1', 1);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
  expect(logs.join('')).toContain('trainer started');
  expect(coordinator.updates[0]!.updateId).toBe(before!.updateId);
  expect(coordinator.valuesOf(coordinator.updates[0]!)).toEqual(coordinator.valuesOf(before!));
}, 30_000);

it('work for a run that this site has not accepted is refused with a reason', async () => {
  await startConnected();
  coordinator.progress.length = 0;
  assign('run-nobody-asked', 1);
  await vi.waitFor(() => expect(coordinator.progress.some((p) => p.failure)).toBe(true), soon);
  const report = coordinator.progress.find((p) => p.failure)!;
  expect(report.failure!.code).toBe('PLAN_NOT_FOUND');
  expect(report.stage).toBe(Stage.FETCHING);
}, 30_000);

it('a coordinator whose log is behind the last receipt ends the agent', async () => {
  const { auditSize } = coordinator;
  coordinator.auditSize = 3;
  startAgent();
  await expect(agent).rejects.toMatchObject({ code: 'COORDINATOR_LOG_BEHIND' });
  coordinator.auditSize = auditSize;
});

it('a second agent on the same folder is refused', async () => {
  startAgent();
  const first = agent;
  startAgent();
  await expect(agent).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  agent = first;
});
