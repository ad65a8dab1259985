import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { LAUNCHER } from '../installation.js';
import { DemoFolder } from './demo-folder.js';
import type { DemoOutcome } from './results.js';

const root = await mkdtemp(path.join(tmpdir(), 'consilium-demo-'));
const dir = path.join(root, 'demo');
const running = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await DemoFolder.forget(dir);
  await rm(root, { recursive: true, force: true });
});

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said(): string;
}

function start(...words: string[]): Demo {
  const small = ['--plan', 'phantom-segmentation', '--sites', '2', '--rounds', '1', '--dir', dir];
  const env = { PATH: process.env.PATH, CONSILIUM_DIR: dir };
  const child = spawn(process.execPath, [LAUNCHER, 'demo', ...small, ...words], { env });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, said: () => said };
}

/** Throws with what it said when it ends before. */
async function untilConnected({ child, said }: Demo): Promise<void> {
  while (!said().includes('sites are connected')) {
    if (child.exitCode !== null) throw new Error(said());
    await sleep(100);
  }
}

/** Every process that was started for this folder. */
function processesOfTheDemo(): string[] {
  const memory = JSON.parse(readFileSync(path.join(dir, 'demo.json'), 'utf8')) as { agents: number[] };
  return memory.agents.filter((pid) => isThere(pid)).map(String);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('stops in order at Ctrl-C, goes on from there, survives a kill -9, and ends with the table', async () => {
  const first = start();
  await untilConnected(first);
  await sleep(2000);
  expect(processesOfTheDemo()).toHaveLength(2);
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(130);
  expect(processesOfTheDemo()).toEqual([]);
  expect(() => statSync(path.join(dir, 'federation', 'up.json'))).toThrow();

  const second = start();
  await untilConnected(second);
  second.child.kill('SIGKILL');
  await second.ended;

  const json = path.join(root, 'out.json');
  const third = start('--exit', '--json', json);
  expect(await third.ended, third.said()).toBe(0);
  expect(third.said()).toMatch(/^overall /m);
  expect(processesOfTheDemo()).toEqual([]);
  const outcome = JSON.parse(await readFile(json, 'utf8')) as DemoOutcome;
  expect(outcome.seconds).toBeGreaterThan(outcome.setupSeconds);
  expect(outcome.plans).toHaveLength(1);
  const [plan] = outcome.plans;
  expect(plan).toMatchObject({ plan: 'phantom-segmentation', model: 'unet', metric: 'dice', rounds: 1 });
  expect(plan!.sites).toHaveLength(2);
  for (const row of [...plan!.sites, plan!.overall])
    for (const value of [row.before, row.localOnly, row.federated]) expect(value).toSatisfy(isShare);
  expect(plan!.overall.bestLocalOnly).toBeGreaterThanOrEqual(plan!.overall.localOnly!);
  expect(plan!.overall.federated).toBeGreaterThan(plan!.overall.before!);
  const [model] = /\S+\.safetensors/.exec(third.said())!;
  expect(model).toContain(plan!.modelDigest.slice(0, 12));
  expect(statSync(model).size).toBeGreaterThan(100_000);

  // All is done: another start only shows it.
  const fourth = start('--exit');
  expect(await fourth.ended).toBe(0);
  expect(fourth.said()).toContain(plan!.modelDigest.slice(0, 12));
}, 400_000);

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value < 1;
}
