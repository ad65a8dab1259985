import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, planHash, planSchema } from '@consilium/plan';
import { Stage } from '@consilium/proto';
import { manifestOf } from '@consilium/tensors';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runAgent } from '../agent.js';
import { addDataset } from '../commands/dataset.js';
import { digestBytes, manifestToWire } from '../connection/wire.js';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { inState } from '../testing/run.fixture.js';
import { configOf, temporaryFolder, writeFilms, writeSite } from '../testing/site.fixture.js';
import { SOURCE_ENTRY } from '../trainer/source-entry.fixture.js';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const soon = { timeout: 20_000, interval: 20 };
/** Longer than anybody waits: whoever ends it, it is not its own end. */
const LONG_PLAN = planSchema.parse({
  ...SMALL_PLAN,
  training: { ...SMALL_PLAN.training, epochsPerRound: 100, batchSize: 1 },
});
const model = buildModel(LONG_PLAN.model, modelPorts(LONG_PLAN));
const initial = model.initialise(deriveSeed(LONG_PLAN.seed, 0, '', 'initialise'));
const manifest = manifestOf(model.layout, initial);
const planDigest = digestBytes(planHash(LONG_PLAN));

let root: string;
const films = temporaryFolder();
let coordinator: FakeCoordinator;
let stop: AbortController;
let agent: Promise<void>;
let logs: string;

beforeAll(() => writeFilms(films, 24));
afterAll(() => rmSync(films, { recursive: true }));
beforeEach(async () => {
  root = temporaryFolder();
  coordinator = await FakeCoordinator.start();
  await writeSite(root, coordinator);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await addDataset('films', { dir: root, from: films });
  vi.restoreAllMocks();
  startAgent();
});
afterEach(async () => {
  await endAgent();
  await coordinator.stop();
  rmSync(root, { recursive: true });
});

function startAgent(): void {
  stop = new AbortController();
  logs = '';
  const logger = createLogger('debug', 'site-a', {
    write: (line: string) => {
      logs += line;
    },
  });
  agent = runAgent(configOf(root), { logger, trainerEntry: SOURCE_ENTRY }, stop.signal);
  agent.catch(() => {});
}

async function endAgent(): Promise<void> {
  stop.abort();
  await agent.catch(() => {});
}

async function acceptRun(runId: string): Promise<string> {
  const value = { runId, plan: canonicalPlan(LONG_PLAN), planDigest, invitedSites: ['site-a', 'site-b'] };
  coordinator.give({ case: 'invitation', value: value as never });
  await vi.waitFor(() => expect(coordinator.answers.at(-1)?.runId).toBe(runId), soon);
  const { answer } = coordinator.answers.at(-1)!;
  return answer.case === 'accept' ? answer.value.datasetVersion : '';
}

async function beginTraining(runId: string, datasetVersion: string): Promise<void> {
  const modelDigest = digestBytes(coordinator.addModel(manifest, initial));
  const wire = { runId, round: 1, planDigest, modelDigest, model: manifestToWire(manifest), baseRound: 0 };
  coordinator.give({ case: 'train', value: { ...wire, datasetVersion, closesInMs: 60_000n } as never });
  const isTraining = () => coordinator.progress.some((p) => p.stage === Stage.TRAINING && p.step > 0);
  await vi.waitFor(() => expect(isTraining()).toBe(true), soon);
}

/** A process of its own beside the agent, over the same files. */
async function consilium(...words: string[]) {
  const child = spawn(process.execPath, [...SOURCE_FLAGS, MAIN, ...words, '--dir', root]);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout };
}

const trainerPid = () =>
  logs
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => (JSON.parse(line) as { trainerPid?: number }).trainerPid ?? [])
    .at(-1)!;
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('with the agent at work: the trainer ends, nothing is sent, the coordinator hears of it, and nothing is kept', async () => {
  const version = await acceptRun('run-1');
  await beginTraining('run-1', version);
  const pid = trainerPid();
  expect(isAlive(pid)).toBe(true);
  expect(readdirSync(join(root, 'tensors'))).toEqual([version]);

  const { status, stdout } = await consilium('dataset', 'remove', 'films', '--withdraw');
  expect(status).toBe(0);
  expect(stdout).toMatch(/left run run-1, plan small: the coordinator has confirmed it \(audit entry \d+\)/);
  expect(coordinator.left).toMatchObject([{ runId: 'run-1', reason: { code: 'SITE_WITHDREW' } }]);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), soon);
  expect(coordinator.updates).toEqual([]);
  expect(coordinator.progress.some(({ failure }) => failure)).toBe(false);
  for (const folder of ['tensors', 'weights']) expect(readdirSync(join(root, folder)), folder).toEqual([]);

  await vi.waitFor(() => expect(coordinator.hellos.at(-1)!.datasets).toEqual([]), soon);
  coordinator.answers.length = 0;
  const again = { runId: 'run-1', plan: canonicalPlan(LONG_PLAN), planDigest, invitedSites: [] };
  coordinator.give({ case: 'invitation', value: again as never });
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(1), soon);
  expect(coordinator.answers[0]!.answer).toMatchObject({ case: 'decline', value: { code: 'SITE_WITHDREW' } });
}, 60_000);

it('an idle agent tells at once, and work that comes all the same is not done', async () => {
  const version = await acceptRun('run-1');
  const { stdout } = await consilium('dataset', 'remove', 'films', '--withdraw');
  expect(stdout).toContain('the coordinator has confirmed it');
  const modelDigest = digestBytes(coordinator.addModel(manifest, initial));
  const wire = { runId: 'run-1', round: 1, planDigest, modelDigest, model: manifestToWire(manifest), baseRound: 0 };
  coordinator.give({ case: 'train', value: { ...wire, datasetVersion: version, closesInMs: 60_000n } as never });
  await vi.waitFor(() => expect(logs).toContain('"code":"SITE_WITHDREW"'), soon);
  expect(coordinator.updates).toEqual([]);
}, 60_000);

it('with the agent stopped: its next life tells it before it asks for anything, and once', async () => {
  const version = await acceptRun('run-1');
  await beginTraining('run-1', version);
  await endAgent();
  const { status, stdout } = await consilium('dataset', 'remove', 'films', '--withdraw');
  expect(status).toBe(0);
  expect(stdout).toContain('the agent tells the coordinator first of all when it is started');
  for (const folder of ['tensors', 'weights']) expect(readdirSync(join(root, folder)), folder).toEqual([]);
  coordinator.calls.length = 0;
  startAgent();
  await vi.waitFor(() => expect(coordinator.calls).toContain('pollWork'), soon);
  expect(coordinator.calls.slice(0, 3)).toEqual(['hello', 'leaveRun', 'pollWork']);
  inState(root, (state) => expect(state.invitations.find('run-1')).toMatchObject({ isWithdrawalTold: true }));
  await endAgent();
  coordinator.calls.length = 0;
  startAgent();
  await vi.waitFor(() => expect(coordinator.calls).toContain('pollWork'), soon);
  expect(coordinator.calls).not.toContain('leaveRun');
}, 60_000);
