import { rmSync } from 'node:fs';
import { uidFromName } from '@consilium/dicom';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, planHash, planSchema } from '@consilium/plan';
import { Order, Split, Stage } from '@consilium/proto';
import { layoutLength, manifestOf } from '@consilium/tensors';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runAgent } from './agent.js';
import { addDataset } from './commands/dataset.js';
import { digestBytes, digestHex, manifestToWire } from './connection/wire.js';
import { createLogger } from './platform/logger.js';
import { siteFolder } from './platform/site-folder.js';
import { openSiteState } from './state/site-state.js';
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
const everything: string[] = [];

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
  const logger = createLogger('debug', 'site-a', {
    write: (line: string) => {
      logs.push(line);
      everything.push(line);
    },
  });
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

function assign(runId: string, round: number, digest = planDigest): void {
  const modelDigest = digestBytes(coordinator.addModel(manifest, initial));
  const answer = coordinator.answers.at(-1)!.answer;
  const datasetVersion = answer.case === 'accept' ? answer.value.datasetVersion : '';
  const wire = { runId, round, planDigest: digest, modelDigest, model: manifestToWire(manifest), baseRound: round - 1 };
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
  coordinator.give({ case: 'evaluate', value: { ...about, split: Split.VALIDATION, datasetVersion } as never });
  await vi.waitFor(() => expect(coordinator.evaluations).toHaveLength(1), soon);
  const { result } = coordinator.evaluations[0]!;
  expect(result).toMatchObject({ case: 'statistics', value: { kind: { case: 'segmentation', value: { films: 4n } } } });

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
  expect(hello.lastReceiptAuditIndex).toBe(BigInt(coordinator.auditSize) - 1n);
}, 30_000);

it('training the round anew in another life gives the same bytes', async () => {
  const [before] = coordinator.updates;
  coordinator.updates.length = 0;
  const state = openSiteState(siteFolder(root).state);
  state.outbox.forgetRun('run-1');
  state.close();
  await startConnected();
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

it('another agent of the same site ends this one', async () => {
  coordinator.refusal = 'SITE_RUNNING_TWICE';
  startAgent();
  await expect(agent).rejects.toMatchObject({ code: 'SITE_RUNNING_TWICE' });
  coordinator.refusal = undefined;
});

it('an order to stop ends the training, and the agent asks for the next work', async () => {
  await startConnected();
  invite('run-2');
  await vi.waitFor(() => expect(coordinator.answers.at(-1)!.runId).toBe('run-2'), soon);
  coordinator.order = Order.STOP;
  coordinator.updates.length = 0;
  assign('run-2', 1);
  await vi.waitFor(() => expect(logs.join('')).toContain('the coordinator has stopped this work'), soon);
  coordinator.order = Order.CONTINUE;
  expect(coordinator.updates).toHaveLength(0);
  assign('run-2', 2);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
}, 40_000);

it('a trainer that is killed twice fails the round for want of memory, and the agent does the next one', async () => {
  const trainerPids = () => logs.flatMap((line) => (JSON.parse(line) as { trainerPid?: number }).trainerPid ?? []);
  const isTraining = () => coordinator.progress.some((p) => p.stage === Stage.TRAINING && p.step > 0);
  await startConnected();
  const long = planSchema.parse({ ...SMALL_PLAN, training: { ...SMALL_PLAN.training, epochsPerRound: 100 } });
  const digest = digestBytes(planHash(long));
  const invitation = { runId: 'run-killed', plan: canonicalPlan(long), planDigest: digest, invitedSites: [] };
  coordinator.give({ case: 'invitation', value: invitation as never });
  await vi.waitFor(() => expect(coordinator.answers.at(-1)!.runId).toBe('run-killed'), soon);
  assign('run-killed', 1, digest);
  for (const attempt of [1, 2]) {
    coordinator.progress.length = 0;
    await vi.waitFor(() => expect(trainerPids()).toHaveLength(attempt), soon);
    await vi.waitFor(() => expect(isTraining()).toBe(true), soon);
    process.kill(trainerPids().at(-1)!, 'SIGKILL');
  }
  await vi.waitFor(() => expect(coordinator.progress.some((p) => p.failure)).toBe(true), soon);
  expect(coordinator.progress.find((p) => p.failure)!.failure!.code).toBe('MEMORY_EXHAUSTED');
  expect(logs.join('')).toContain(`a training.batchSize below ${long.training.batchSize}`);

  coordinator.updates.length = 0;
  invite('run-after');
  await vi.waitFor(() => expect(coordinator.answers.at(-1)!.runId).toBe('run-after'), soon);
  assign('run-after', 1);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
}, 60_000);

it('a site without what the plan asks for declines and says why', async () => {
  await startConnected();
  const inviteFor = async (runId: string, data: object, code: string) => {
    const plan = planSchema.parse({ ...SMALL_PLAN, data: { ...SMALL_PLAN.data, ...data } });
    const value = { runId, plan: canonicalPlan(plan), planDigest: digestBytes(planHash(plan)), invitedSites: [] };
    coordinator.give({ case: 'invitation', value: value as never });
    await vi.waitFor(() => expect(coordinator.answers.at(-1)!.runId).toBe(runId), soon);
    expect(coordinator.answers.at(-1)!.answer).toMatchObject({ case: 'decline', value: { code } });
  };
  await inviteFor('run-3', { dataset: 'elsewhere' }, 'DATASET_NOT_FOUND');
  await inviteFor('run-4', { modality: 'MR' }, 'DATASET_UNSUITABLE');
  await inviteFor('run-5', { minimumTrainingExamples: 15 }, 'DATASET_UNSUITABLE');
  const value = { runId: 'run-6', plan: canonicalPlan(SMALL_PLAN), planDigest: new Uint8Array(32), invitedSites: [] };
  coordinator.give({ case: 'invitation', value: value as never });
  await vi.waitFor(() => expect(coordinator.answers.at(-1)!.runId).toBe('run-6'), soon);
  expect(coordinator.answers.at(-1)!.answer).toMatchObject({ case: 'decline', value: { code: 'PLAN_HASH_MISMATCH' } });
}, 40_000);

it('nothing that was sent or logged in all of this names a patient, a film or a folder', () => {
  expect(everything.length).toBeGreaterThan(10);
  const sent = Buffer.concat(coordinator.received).toString('latin1');
  expect(sent.length).toBeGreaterThan(10_000);
  for (const word of ['P-1', 'Test^Patient', 'film-', films, root, uidFromName('instance 3 16')]) {
    expect(sent, `${word} was sent`).not.toContain(word);
    expect(everything.join(''), `${word} was logged`).not.toContain(word);
  }
});
