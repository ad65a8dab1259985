import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { chosenFolder, connectTo, type FederationFolder, readUp, rememberFolder } from '../federation-folder.js';
import { LAUNCHER } from '../installation.js';
import { startFederation } from '../processes/federation-host.js';
import { isStill } from '../processes/leftover.js';
import { stopSignals, untilStopped } from '../processes/stop-signals.js';
import { print, say } from '../terminal.js';

export interface UpOptions {
  readonly dir?: string;
  readonly federation?: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly host: string;
  readonly name?: readonly string[];
  readonly detach?: boolean;
}

/** `consilium up`. */
export async function up(options: UpOptions, environment: Environment): Promise<void> {
  const folder = await chosenFolder(options.dir, environment.federationFolder);
  if (options.detach) {
    await goToBackground(folder, environment);
    await remember(folder, environment);
    return;
  }
  let kill = () => {};
  const stop = stopSignals(() => kill());
  const host = await startFederation({
    folder,
    federation: options.federation,
    grpcHost: options.host,
    grpcPort: options.grpcPort,
    httpPort: options.httpPort,
    names: options.name ?? [],
    databaseUrl: environment.databaseUrl,
    environment: environment.inherited,
    onCertificate: say,
    onRestart: (name) => say(`The ${name} ended by itself and is started again; see ${folder.coordinatorLog}.`),
  });
  kill = () => host.kill();
  await remember(folder, environment);
  print(`Federation ${host.up.federation} is up.`);
  print(`  page for persons  ${await host.client.page()}  (works once; \`consilium page\` prints another)`);
  print(`  sites dial        ${host.up.grpcAddress}`);
  print(`  folder            ${folder.root}`);
  await untilStopped(stop);
  say('stopping ...');
  await host.stop();
}

/** Where the environment names a folder, it does so for every command. */
async function remember(folder: FederationFolder, environment: Environment): Promise<void> {
  if (!environment.federationFolder) await rememberFolder(folder);
}

/** The same command again, without the terminal; waits until it is up. */
async function goToBackground(folder: FederationFolder, environment: Environment): Promise<void> {
  await mkdir(folder.root, { recursive: true, mode: 0o711 });
  const running = await readUp(folder);
  if (running && (await isStill(running.pid, 'consilium')))
    throw new AdvisedError('ALREADY_RUNNING', 'Stop it with `consilium down`.', {
      address: running.url,
      pid: running.pid,
    });
  const logFile = path.join(folder.root, 'up.log');
  const log = await open(logFile, 'w', 0o600);
  const words = process.argv.slice(2).filter((word) => word !== '--detach');
  const child = spawn(process.execPath, [LAUNCHER, ...words], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...environment.inherited, CONSILIUM_DIR: folder.root },
  });
  await log.close();
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new AdvisedError('NOT_RUNNING', 'Its log says why.', { log: logFile });
    const facts = await readUp(folder);
    if (facts && facts.pid === child.pid && (await isHealthy(folder))) {
      child.unref();
      print(`Federation ${facts.federation} is up.`);
      const page = await (await connectTo(folder)).page();
      print(`  page for persons  ${page}  (works once; \`consilium page\` prints another)`);
      print(`  sites dial        ${facts.grpcAddress}`);
      return;
    }
    await sleep(50);
  }
}

async function isHealthy(folder: FederationFolder): Promise<boolean> {
  return connectTo(folder)
    .then(
      (client) => client.health().then(() => true),
      () => false,
    )
    .catch(() => false);
}
