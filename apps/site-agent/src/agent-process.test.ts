import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, type Plan, planHash } from '@consilium/plan';
import { Stage } from '@consilium/proto';
import { manifestOf } from '@consilium/tensors';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { addDataset } from './commands/dataset.js';
import { digestBytes, manifestToWire } from './connection/wire.js';
import type { KillPoint } from './platform/config.js';
import { FakeCoordinator } from './testing/fake-coordinator.fixture.js';
import { SMALL_PLAN } from './testing/plan.fixture.js';
import { temporaryFolder, writeFilms, writeSite } from './testing/site.fixture.js';
import { SOURCE_ENTRY } from './trainer/source-entry.fixture.js';

const prepared = temporaryFolder();
const films = temporaryFolder();
const soon = { timeout: 20_000, interval: 20 };
let coordinator: FakeCoordinator;
let root: string;
let agent: ChildProcess;
let log: string;

beforeAll(async () => {
  coordinator = await FakeCoordinator.start();
  coordinator.pieceBytes = 2048;
  await writeSite(prepared, coordinator);
  writeFilms(films, 24);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await addDataset('films', { dir: prepared, from: films });
  vi.restoreAllMocks();
});
beforeEach(() => {
  root = temporaryFolder();
  cpSync(prepared, root, { recursive: true });
  coordinator.chunks.clear();
  for (const list of [coordinator.updates, coordinator.progress, coordinator.fetchedOffsets]) list.length = 0;
});
afterEach(() => {
  agent.kill('SIGKILL');
  rmSync(root, { recursive: true });
});
afterAll(async () => {
  await coordinator.stop();
  for (const folder of [prepared, films]) rmSync(folder, { recursive: true });
});

/** A real process of the agent; answers when the coordinator has seen it. */
async function startAgent(killPoint?: KillPoint): Promise<void> {
  const hellos = coordinator.hellos.length;
  const env = { ...process.env, CONSILIUM_BACK_END: 'cpu', CONSILIUM_LOG_LEVEL: 'debug' };
  const kill = killPoint && { CONSILIUM_KILL_POINT: killPoint, CONSILIUM_KILL_LOG: join(root, 'kills') };
  agent = fork(fileURLToPath(new URL('./testing/agent-main.fixture.ts', import.meta.url)), [root], {
    execArgv: [...SOURCE_ENTRY.execArgv],
    env: { ...env, ...kill },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  log = '';
  agent.stdout!.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await vi.waitFor(() => expect(coordinator.hellos.length).toBeGreaterThan(hellos), soon);
}

async function acceptRun(plan: Plan): Promise<void> {
  const answers = coordinator.answers.length;
  const value = {
    runId: 'run-1',
    plan: canonicalPlan(plan),
    planDigest: digestBytes(planHash(plan)),
    invitedSites: [],
  };
  coordinator.give({ case: 'invitation', value: value as never });
  await vi.waitFor(() => expect(coordinator.answers.length).toBeGreaterThan(answers), soon);
}

function assign(plan: Plan): void {
  const model = buildModel(plan.model, modelPorts(plan));
  const initial = model.initialise(deriveSeed(plan.seed, 0, '', 'initialise'));
  const manifest = manifestOf(model.layout, initial);
  const modelDigest = digestBytes(coordinator.addModel(manifest, initial));
  const { answer } = coordinator.answers.at(-1)!;
  const datasetVersion = answer.case === 'accept' ? answer.value.datasetVersion : '';
  const about = { runId: 'run-1', round: 1, planDigest: digestBytes(planHash(plan)), modelDigest, datasetVersion };
  coordinator.give({ case: 'train', value: { ...about, model: manifestToWire(manifest), baseRound: 0 } as never });
}

/** One round, with a kill and a second life in it if there is a point; answers what the coordinator got. */
async function roundWith(killPoint?: KillPoint): Promise<{ updateId: string; values: Float32Array }> {
  await startAgent(killPoint);
  await acceptRun(SMALL_PLAN);
  assign(SMALL_PLAN);
  if (killPoint) {
    const [, signal] = await once(agent, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(readFileSync(join(root, 'kills'), 'utf8')).toBe(`${killPoint}\n`);
    await startAgent(killPoint);
    assign(SMALL_PLAN);
  }
  await vi.waitFor(() => expect(coordinator.updates).toHaveLength(1), soon);
  const [update] = coordinator.updates;
  return { updateId: update!.updateId, values: coordinator.valuesOf(update!) };
}

let undisturbed: Awaited<ReturnType<typeof roundWith>>;

it('an undisturbed round, for comparison', async () => {
  undisturbed = await roundWith();
  expect(coordinator.fetchedOffsets).toEqual([0]);
}, 30_000);

it('killed while fetching: the second life goes on inside the chunk, and the update is the same', async () => {
  expect(await roundWith('fetching')).toEqual(undisturbed);
  expect(coordinator.fetchedOffsets).toEqual([0, 2048]);
}, 30_000);

it('killed while training: the second life trains again, and the update is the same', async () => {
  expect(await roundWith('training')).toEqual(undisturbed);
  expect(log).toContain('trainer started');
}, 30_000);

it('killed while sending: the second life sends what is booked, and the update is the same', async () => {
  expect(await roundWith('sending')).toEqual(undisturbed);
  expect(log).toContain('update is in the outbox already');
  expect(log).not.toContain('trainer started');
}, 30_000);

it('SIGTERM in the middle of a training ends the agent and its trainer within two seconds', async () => {
  const long = { ...SMALL_PLAN, training: { ...SMALL_PLAN.training, epochsPerRound: 100 } };
  await startAgent();
  await acceptRun(long);
  assign(long);
  await vi.waitFor(
    () => expect(coordinator.progress.some((p) => p.stage === Stage.TRAINING && p.step > 0)).toBe(true),
    soon,
  );
  const begin = performance.now();
  agent.kill('SIGTERM');
  // `close` comes only when nobody holds the agent's output any more.
  const [code, signal] = await once(agent, 'close');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(performance.now() - begin).toBeLessThan(2000);
  expect(log).toContain('"msg":"stopped"');
  expect(coordinator.updates).toHaveLength(0);
}, 30_000);
