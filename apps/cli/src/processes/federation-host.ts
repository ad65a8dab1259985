import { writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authority } from '@consilium/pki';
import { type PostgresServer, startPostgres } from '@consilium/postgres';
import { CoordinatorClient } from '../coordinator-client.js';
import { AdvisedError } from '../failure.js';
import { type FederationFolder, openAuthority, openToken, readUp, type UpFacts } from '../federation-folder.js';
import { programFile } from '../installation.js';
import { CertificateWatch } from './certificate-watch.js';
import { freePort } from './free-port.js';
import { endLeftover, isStill } from './leftover.js';
import { SupervisedProcess } from './supervised-process.js';

export interface HostOptions {
  readonly folder: FederationFolder;
  readonly federation?: string | undefined;
  /** Address that sites dial in to; persons' HTTP always stays on loopback. */
  readonly grpcHost: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Further host names for the coordinator's certificate. */
  readonly names: readonly string[];
  /** A PostgreSQL of one's own instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly onRestart?: (name: string) => void;
  /** Told what a person has to know of the certificates: that one was renewed, or ends. */
  readonly onCertificate?: (sentence: string) => void;
}

/** A coordinator that is up, with its database. */
export interface FederationHost {
  readonly up: Omit<UpFacts, 'coordinatorPid'>;
  readonly client: CoordinatorClient;
  readonly authority: Authority;
  /** Errors  NOT_RUNNING when the coordinator has failed for good. */
  throwIfFailed(): void;
  stop(): Promise<void>;
  /** At once, without order; the database recovers by itself with the next start. */
  kill(): void;
}

const START_TIMEOUT_MS = 60_000;
const HTTP_HOST = '127.0.0.1';

/**
 * Starts what a federation needs: authority and certificate if they are missing, PostgreSQL, the coordinator.
 *
 * Errors   ALREADY_RUNNING, ADDRESS_IN_USE, POSTGRES_MISSING, POSTGRES_FAILED, NOT_RUNNING (see the coordinator's log).
 */
export async function startFederation(options: HostOptions): Promise<FederationHost> {
  const { folder } = options;
  await mkdir(folder.root, { recursive: true, mode: 0o711 });
  await refuseSecond(folder);
  const httpPort = await freePort(HTTP_HOST, options.httpPort, '--http-port');
  const grpcPort = await freePort(options.grpcHost, options.grpcPort, '--grpc-port');
  const database = options.databaseUrl ? undefined : startPostgres({ directory: folder.postgres });
  database?.catch(() => {}); // awaited below; it may fail while the certificates are still being made
  const authority = await openAuthority(folder, options.federation);
  const certificates = new CertificateWatch(folder, authority, hostNames(options), options.onCertificate);
  await certificates.look();
  const token = await openToken(folder);
  const postgres = await database;
  const up: Omit<UpFacts, 'coordinatorPid'> = {
    pid: process.pid,
    federation: authority.federation,
    url: `http://${HTTP_HOST}:${httpPort}`,
    grpcAddress: `${dialled(options.grpcHost)}:${grpcPort}`,
    startedAt: new Date().toISOString(),
  };
  const coordinator = new SupervisedProcess({
    name: 'coordinator',
    file: programFile('coordinator'),
    words: [],
    logFile: folder.coordinatorLog,
    ...(options.onRestart ? { onRestart: options.onRestart } : {}),
    onStart: (pid) => writeFileSync(folder.up, JSON.stringify({ ...up, coordinatorPid: pid }), { mode: 0o600 }),
    environment: {
      ...options.environment,
      NODE_ENV: 'production',
      CONSILIUM_FEDERATION: authority.federation,
      DATABASE_URL: options.databaseUrl ?? postgres?.url,
      CONSILIUM_DATA: folder.coordinatorData,
      CONSILIUM_HTTP_HOST: HTTP_HOST,
      CONSILIUM_HTTP_PORT: String(httpPort),
      CONSILIUM_GRPC_HOST: options.grpcHost,
      CONSILIUM_GRPC_PORT: String(grpcPort),
      CONSILIUM_TLS_DIR: folder.tls,
      CONSILIUM_TOKEN_FILE: folder.token,
    },
  });
  const client = new CoordinatorClient({ url: up.url, token });
  try {
    await coordinator.start();
    await untilHealthy(client, coordinator);
  } catch (error) {
    await stopAll(coordinator, postgres, folder);
    throw error;
  }
  certificates.begin(() => coordinator.pid);
  return {
    up,
    client,
    authority,
    throwIfFailed: () => coordinator.throwIfFailed(),
    stop: async () => {
      certificates.end();
      await stopAll(coordinator, postgres, folder);
    },
    kill: () => {
      certificates.end();
      coordinator.kill();
      postgres?.kill();
    },
  };
}

async function stopAll(
  coordinator: SupervisedProcess,
  postgres: PostgresServer | undefined,
  folder: FederationFolder,
): Promise<void> {
  await coordinator.stop();
  await postgres?.stop();
  await rm(folder.up, { force: true });
}

/** Ends a coordinator whose `up` was killed; refuses beside one that lives. */
async function refuseSecond(folder: FederationFolder): Promise<void> {
  const up = await readUp(folder);
  if (!up) return;
  if (up.pid !== process.pid && (await isStill(up.pid, 'consilium')))
    throw new AdvisedError('ALREADY_RUNNING', 'Stop it with `consilium down`, or use another folder with --dir.', {
      address: up.url,
      pid: up.pid,
    });
  await endLeftover(up.coordinatorPid, programFile('coordinator'));
  await rm(folder.up, { force: true });
}

async function untilHealthy(client: CoordinatorClient, coordinator: SupervisedProcess): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; ; ) {
    coordinator.throwIfFailed();
    try {
      await client.health();
      return;
    } catch (error) {
      if (Date.now() > end)
        throw new AdvisedError(
          'NOT_RUNNING',
          'Its log says why.',
          { process: 'coordinator', log: coordinator.options.logFile },
          error,
        );
    }
    await sleep(50);
  }
}

/** All that a site may call this machine; a name that is not among them is added with --name. */
function hostNames({ grpcHost, names }: HostOptions): string[] {
  const own = ['localhost', '127.0.0.1', ...names];
  if (isLoopback(grpcHost)) return own;
  if (!isAny(grpcHost)) return [...own, grpcHost];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outer = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80'));
  return [...own, hostname(), ...outer.map(({ address }) => address)];
}

function dialled(host: string): string {
  return isAny(host) ? '127.0.0.1' : host;
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
