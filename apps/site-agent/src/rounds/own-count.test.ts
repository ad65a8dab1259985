import { rmSync } from 'node:fs';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, planHash } from '@consilium/plan';
import { Split, type SubmitEvaluationRequest } from '@consilium/proto';
import { manifestOf } from '@consilium/tensors';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { runAgent } from '../agent.js';
import { addDataset } from '../commands/dataset.js';
import { status } from '../commands/status.js';
import { digestBytes, manifestToWire } from '../connection/wire.js';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { inState } from '../testing/run.fixture.js';
import { configOf, temporaryFolder, writeFilms, writeSite } from '../testing/site.fixture.js';
import { SOURCE_ENTRY } from '../trainer/source-entry.fixture.js';

const root = temporaryFolder();
const films = temporaryFolder();
const soon = { timeout: 60_000, interval: 20 };
const model = buildModel(SMALL_PLAN.model, modelPorts(SMALL_PLAN));
const planDigest = digestBytes(planHash(SMALL_PLAN));
let coordinator: FakeCoordinator;
let version: string;
let stop: AbortController;
let agent: Promise<void>;

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  coordinator = await FakeCoordinator.start();
  await writeSite(root, coordinator);
  writeFilms(films, 24);
  await addDataset('films', { dir: root, from: films });
  vi.restoreAllMocks();
  await startAgent();
  const value = { runId: 'run-1', plan: canonicalPlan(SMALL_PLAN), planDigest, invitedSites: ['site-a', 'site-b'] };
  coordinator.give({ case: 'invitation', value: value as never });
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(1), soon);
  version = inState(root, (state) => state.datasets.find('films')!.version);
});
afterEach(() => {
  coordinator.evaluations.length = 0;
});
afterAll(async () => {
  await endAgent();
  await coordinator.stop();
  for (const folder of [root, films]) rmSync(folder, { recursive: true });
});

async function startAgent(): Promise<void> {
  const hellos = coordinator.hellos.length;
  stop = new AbortController();
  agent = runAgent(
    configOf(root),
    { logger: createLogger('silent', 'site-a'), trainerEntry: SOURCE_ENTRY },
    stop.signal,
  );
  agent.catch(() => {});
  await vi.waitFor(() => expect(coordinator.hellos.length).toBeGreaterThan(hellos), soon);
}

async function endAgent(): Promise<void> {
  stop.abort();
  await agent.catch(() => {});
}

/** Another one for each number. */
function modelOf(n: number) {
  const values = model.initialise(deriveSeed(n, 0, '', 'initialise'));
  const manifest = manifestOf(model.layout, values);
  return { modelDigest: digestBytes(coordinator.addModel(manifest, values)), model: manifestToWire(manifest) };
}

function train(round: number, n: number): void {
  const wire = { runId: 'run-1', round, planDigest, ...modelOf(n), baseRound: round - 1, datasetVersion: version };
  coordinator.give({ case: 'train', value: { ...wire, closesInMs: 60_000n } as never });
}

async function trained(round: number, n: number): Promise<void> {
  const updates = coordinator.updates.length;
  train(round, n);
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(updates + 1), soon);
}

async function refusedTraining(round: number, n: number): Promise<void> {
  coordinator.progress.length = 0;
  train(round, n);
  const failure = () => coordinator.progress.find((p) => p.failure)?.failure;
  await vi.waitFor(() => expect(failure()?.code).toBe('TRAINING_REFUSED'), soon);
}

/** Asks for the evaluations of so many models, from this one on, and waits for all answers. */
async function ask(split: Split, first: number, count: number): Promise<SubmitEvaluationRequest[]> {
  const before = coordinator.evaluations.length;
  for (let n = first; n < first + count; n++) {
    const about = { evaluationId: `e-${split}-${n}-${before}`, runId: 'run-1', planDigest, datasetVersion: version };
    coordinator.give({ case: 'evaluate', value: { ...about, ...modelOf(n), split } as never });
  }
  await vi.waitFor(() => expect(coordinator.evaluations).toHaveLength(before + count), {
    timeout: 200_000,
    interval: 50,
  });
  return coordinator.evaluations.slice(before);
}
const answered = (all: readonly SubmitEvaluationRequest[]) => all.filter(({ result }) => result.case === 'statistics');
const statusText = () => {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    text += String(line);
    return true;
  });
  status({ dir: root });
  spy.mockRestore();
  return text;
};

it('nothing is evaluated before a round was trained, and then one model a round; never on training data', async () => {
  expect(answered(await ask(Split.VALIDATION, 0, 1))).toHaveLength(0);
  await trained(1, 0);
  expect(answered(await ask(Split.VALIDATION, 100, 20))).toHaveLength(1);
  await refusedTraining(1, 5);
  await trained(2, 1);
  expect(answered(await ask(Split.VALIDATION, 200, 20))).toHaveLength(1);
  expect(answered(await ask(Split.TRAIN, 0, 5))).toHaveLength(0);
  await refusedTraining(7, 1);
}, 120_000);

it('of 1,000 models on test data, two are answered: the initial and the final one that the plan has', async () => {
  const all = await ask(Split.TEST, 0, 1000);
  console.info(`1,000 evaluations asked, ${answered(all).length} answered`);
  expect(answered(all)).toHaveLength(2);
  const codes = new Set(all.flatMap(({ result }) => (result.case === 'failure' ? [result.value.code] : [])));
  expect(codes).toEqual(new Set(['EVALUATION_REFUSED']));
}, 240_000);

it('after the test was opened the site trains and validates no more in that run', async () => {
  await refusedTraining(3, 2);
  expect(answered(await ask(Split.VALIDATION, 300, 3))).toHaveLength(0);
}, 60_000);

it('the same question gets the same answer again, also from the next life, which counts on from there', async () => {
  const first = await ask(Split.TEST, 0, 2);
  await endAgent();
  await startAgent();
  const second = await ask(Split.TEST, 0, 2);
  expect(second.map(({ result }) => result)).toEqual(first.map(({ result }) => result));
  expect(answered(second)).toHaveLength(2);
  expect(answered(await ask(Split.TEST, 500, 10))).toHaveLength(0);
}, 60_000);

it('status says what was answered, and what was refused and how often', () => {
  const text = statusText();
  expect(text).toContain('run-1, plan small: 2 rounds trained, 2 validations, 2 tests answered');
  expect(text).toMatch(/run-1: evaluation refused 1008 times, the last one at 20\d\d/);
  expect(text).toContain('the test data were opened for the models that the plan ends with');
});
