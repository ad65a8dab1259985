import { availableParallelism } from 'node:os';
import path from 'node:path';
import { errorCode } from '@consilium/errors';
import type { Environment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { openAuthority, readUp, rememberFolder } from '../federation-folder.js';
import { PROJECT } from '../installation.js';
import { type FederationHost, startFederation } from '../processes/federation-host.js';
import { isStill } from '../processes/leftover.js';
import { killChildren } from '../processes/run-child.js';
import { stopSignals, untilStopped } from '../processes/stop-signals.js';
import { print, say } from '../terminal.js';
import { Agents, threadsPerSite } from './agents.js';
import { DemoFolder } from './demo-folder.js';
import { choosePlans, type DemoPlan, listPlans } from './plan-catalogue.js';
import { equipSite, examplesPerSite, prepareDatasets, sitesOf } from './prepare-sites.js';
import { type DemoOutcome, outcomeTable, type PlanOutcome } from './results.js';
import { keepModel, runPlan, writeOutcome } from './run-plans.js';

export interface DemoOptions {
  readonly plan: readonly string[];
  readonly list?: boolean;
  readonly data?: string;
  readonly exit?: boolean;
  readonly sites: number;
  readonly rounds?: number;
  readonly seed: number;
  readonly normalisation?: 'group' | 'batch';
  readonly json?: string;
  readonly fresh?: boolean;
  readonly dir?: string;
}

/** `consilium demo`. */
export async function demo(options: DemoOptions, environment: Environment): Promise<void> {
  if (options.list) {
    for (const { name, needsData, line } of await listPlans())
      print(`${name.padEnd(24)}${line}${needsData ? ' (needs --data)' : ''}`);
    return;
  }
  const plans = await choosePlans(options);
  const root = path.resolve(options.dir ?? path.join(PROJECT, '.data', 'demo'));
  await refuseSecondDemo(root);
  if (options.fresh) await DemoFolder.forget(root);
  const running = new Running(await DemoFolder.open(root));
  const stop = stopSignals(() => running.kill());
  try {
    await runDemo(running, plans, options, environment, stop);
  } catch (error) {
    if (errorCode(error) !== 'STOPPED' || !stop.aborted) throw error;
    process.exitCode = 130;
  } finally {
    if (stop.aborted) say(['', 'stopping; the same command goes on from here ...']);
    await running.stop();
  }
}

async function runDemo(
  running: Running,
  plans: readonly DemoPlan[],
  options: DemoOptions,
  environment: Environment,
  stop: AbortSignal,
): Promise<void> {
  const startedAtMs = environment.startedAtMs ?? Date.now() - process.uptime() * 1000;
  const secondsNow = () => Math.round(Date.now() - startedAtMs) / 1000;
  const client = await setUp(running, plans, options, environment, stop);
  const setupSeconds = secondsNow();
  say(`${sitesOf(plans).length} sites are connected after ${setupSeconds.toFixed(0)} s. Page: ${await client.page()}`);
  const context = { folder: running.folder, client, stop, check: () => running.throwIfFailed() };
  const outcomes: PlanOutcome[] = [];
  for (const plan of plans) outcomes.push(await runPlan(context, plan));
  for (const outcome of outcomes) print(['', ...outcomeTable(outcome)]);
  const total: DemoOutcome = { seconds: secondsNow(), setupSeconds, plans: outcomes };
  print('');
  for (const outcome of outcomes) print(`model  ${await keepModel(context, outcome)}`);
  if (options.json) await writeOutcome(options.json, total);
  print(`page   ${await client.page()}`);
  print(`time   ${total.seconds.toFixed(0)} s, of which ${setupSeconds.toFixed(0)} s set-up`);
  if (options.exit) return;
  print('Ctrl-C ends the demo.');
  await untilStopped(stop);
}

/** Coordinator, films, certificates and agents; answers when every site is connected. */
async function setUp(
  running: Running,
  plans: readonly DemoPlan[],
  options: DemoOptions,
  environment: Environment,
  stop: AbortSignal,
) {
  const { folder } = running;
  const { seed } = options;
  const sites = sitesOf(plans);
  const onRestart = (name: string) => say(`The ${name} ended by itself and is started again; see ${folder.logs}.`);
  say(`preparing ${sites.length} sites: ${sites.map(({ id }) => id).join(', ')} ...`);
  const authority = await openAuthority(folder.federation, 'demo');
  const preparing = prepareDatasets({
    folder,
    plans,
    seed,
    data: options.data,
    environment: environment.inherited,
    stop,
  });
  const starting = startFederation({
    folder: folder.federation,
    grpcHost: '127.0.0.1',
    grpcPort: 0,
    httpPort: 0,
    names: [],
    databaseUrl: environment.databaseUrl,
    environment: environment.inherited,
    onRestart,
  }).then(async (host) => {
    running.host = host;
    if (!environment.federationFolder) await rememberFolder(folder.federation);
    return host;
  });
  // Both are waited for even if one fails: what has been started must be stopped.
  const [prepared, started] = await Promise.allSettled([preparing, starting]);
  if (prepared.status === 'rejected') throw prepared.reason;
  if (started.status === 'rejected') throw started.reason;
  const { up, client } = started.value;
  for (const site of sites) await equipSite(folder.siteFolder(seed, site), site, authority, up.grpcAddress);
  const threads = threadsPerSite(availableParallelism(), examplesPerSite(folder, plans, seed));
  running.agents = new Agents(folder, sites, threads, seed, environment.inherited, onRestart);
  await running.agents.start();
  await running.agents.untilConnected(client, stop);
  return client;
}

/** What has been started so far, and how it ends: agents first, so that they can still say goodbye. */
class Running {
  host: FederationHost | undefined;
  agents: Agents | undefined;

  constructor(readonly folder: DemoFolder) {}

  throwIfFailed(): void {
    this.host?.throwIfFailed();
    this.agents?.throwIfFailed();
  }

  async stop(): Promise<void> {
    await this.agents?.stop();
    await this.host?.stop();
  }

  kill(): void {
    killChildren();
    this.agents?.kill();
    this.host?.kill();
  }
}

async function refuseSecondDemo(root: string): Promise<void> {
  const up = await readUp({ up: path.join(root, 'federation', 'up.json') });
  if (up && up.pid !== process.pid && (await isStill(up.pid, 'consilium')))
    throw new AdvisedError('ALREADY_RUNNING', 'End it with Ctrl-C, or use another folder with --dir.', {
      address: up.url,
      pid: up.pid,
    });
}
