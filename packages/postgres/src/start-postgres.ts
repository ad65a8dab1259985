import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ConsiliumError } from '@consilium/errors';
import pg from 'pg';
import { findPostgres, type PostgresBinaries, reachableBinaries } from './binaries.js';
import { isRunning, isServerOf, readPidFile } from './pid-file.js';
import { clusterFolder, knownClusterFolder, type ServerUser, serverUser } from './server-user.js';

export interface PostgresOptions {
  /** Folder of this server: its cluster, password (0600), port and log. Made when it is not there. */
  readonly directory: string;
  /** Port on 127.0.0.1; when not given, the one of the last start if it is free, otherwise a free one. */
  readonly port?: number;
}

export interface PostgresServer {
  /** With the password: for the environment of the coordinator, never for a log. */
  readonly url: string;
  readonly port: number;
  /** Whether the server was already running when we came. */
  readonly adopted: boolean;
  /** Ends the server in an orderly way; all its connections are cut. */
  stop(): Promise<void>;
  /** Ends the server at once; it recovers with its next start. */
  kill(): void;
}

const USER = 'consilium';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 15;

interface Cluster {
  readonly directory: string;
  readonly folder: string;
  readonly data: string;
  readonly password: string;
  readonly user: ServerUser;
}

/**
 * Starts PostgreSQL, or adopts the one that already serves this directory. The server is no child that a terminal's
 * Ctrl-C reaches, and it outlives this process unless it is stopped.
 *
 * Errors   POSTGRES_MISSING, POSTGRES_FAILED (the reason is in `postgres.log` of the directory).
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const user = serverUser();
  const binaries = await reachableBinaries(await findPostgres(), user);
  const directory = path.resolve(options.directory);
  const folder = await clusterFolder(directory, user);
  const data = path.join(folder, 'data');
  const cluster = { directory, folder, data, password: await password(directory, existsSync(data)), user };
  if (!existsSync(data)) await initialise(binaries, cluster);
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const running = await adopt(cluster, deadline);
    if (running) return running;
    const started = await launch(binaries, cluster, await choosePort(cluster, options.port), deadline);
    if (started) return started;
    // It ended at once: another start was faster, or a killed server's last processes still hold its memory.
    if (Date.now() > deadline) throw new ConsiliumError('POSTGRES_FAILED', { reason: await lastLogLine(cluster) });
    await sleep(200);
  }
}

/** Stops the server of this directory if one runs, whoever started it; answers whether one did. */
export async function stopPostgres(directory: string): Promise<boolean> {
  const folder = await knownClusterFolder(path.resolve(directory));
  if (!folder) return false;
  const data = path.join(folder, 'data');
  const held = await readPidFile(data);
  if (!held || !isRunning(held.pid) || !(await isServerOf(data, held.pid))) return false;
  await end(held.pid);
  return true;
}

/** Stops the server of this directory and deletes the directory with all its data, wherever it lies. */
export async function deletePostgres(directory: string): Promise<void> {
  await stopPostgres(directory);
  const folder = await knownClusterFolder(path.resolve(directory));
  if (folder) await rm(folder, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

/**
 * Made once and whole, before the cluster, so that a start that was killed in between finds the same one. An empty file
 * is none: nothing was ever locked with it, unless there is a cluster.
 */
async function password(directory: string, hasCluster: boolean): Promise<string> {
  const file = path.join(directory, 'password');
  const read = async () => (await readFile(file, 'utf8').catch(() => '')).trim();
  const known = await read();
  if (known) return known;
  if (hasCluster) throw new ConsiliumError('POSTGRES_FAILED', { reason: 'the password of the cluster is lost' });
  const temporary = `${file}-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(temporary, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    if (existsSync(file) && (await read()) === '') await rm(file, { force: true });
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new ConsiliumError('POSTGRES_FAILED', { step: 'password' }, error);
  } finally {
    await rm(temporary, { force: true });
  }
  return read(); // another start may have been faster
}

/** Makes the cluster beside its place and renames it: a killed start leaves no half-made cluster behind. */
async function initialise(binaries: PostgresBinaries, cluster: Cluster): Promise<void> {
  const mark = randomBytes(4).toString('hex');
  const fresh = path.join(cluster.folder, `new-${mark}`);
  const passwordFile = path.join(cluster.folder, `password-${mark}`);
  await writeFile(passwordFile, cluster.password, { mode: 0o600 });
  const { uid, gid } = cluster.user;
  if (uid !== undefined && gid !== undefined) await chown(passwordFile, uid, gid);
  const words = ['-D', fresh, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  try {
    const options = { ...cluster.user, env: environment(), cwd: '/' };
    await promisify(execFile)(binaries.initdb, [...words, '--locale=C', '--no-instructions'], options);
    await rename(fresh, cluster.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!existsSync(cluster.data)) throw new ConsiliumError('POSTGRES_FAILED', { step: 'initdb' }, error);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** The server that already runs on this cluster, if it answers with our password; waits for one that is just starting. */
async function adopt(cluster: Cluster, deadline: number): Promise<PostgresServer | undefined> {
  for (;;) {
    const held = await readPidFile(cluster.data);
    if (!held || !isRunning(held.pid)) return undefined; // PostgreSQL itself replaces the file of a dead server
    if (!(await isServerOf(cluster.data, held.pid))) {
      // The number belongs to another program by now, which PostgreSQL would take for a living server.
      await rm(held.file, { force: true });
      return undefined;
    }
    if (held.port && (await answers(cluster, held.port))) return server(cluster, held.port, held.pid, true);
    if (Date.now() > deadline)
      throw new ConsiliumError('POSTGRES_FAILED', { reason: 'a server runs but does not answer' });
    await sleep(POLL_MS);
  }
}

async function launch(
  binaries: PostgresBinaries,
  cluster: Cluster,
  port: number,
  deadline: number,
): Promise<PostgresServer | undefined> {
  const log = await open(path.join(cluster.directory, 'postgres.log'), 'w', 0o600);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(binaries.postgres, ['-D', cluster.data, '-p', String(port), ...words], {
    ...cluster.user,
    env: environment(),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = endOf(child);
  await log.close();
  while (!(await answers(cluster, port))) {
    if (await Promise.race([ended.then(() => true), sleep(POLL_MS).then(() => false)])) return undefined;
    if (Date.now() > deadline) {
      child.kill('SIGQUIT');
      throw new ConsiliumError('POSTGRES_FAILED', { reason: await lastLogLine(cluster) });
    }
  }
  child.unref();
  await writeFile(path.join(cluster.directory, 'port'), `${port}\n`);
  return server(cluster, port, child.pid!, false);
}

async function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => reject(new ConsiliumError('POSTGRES_FAILED', { step: 'start' }, error)));
  });
}

async function server(cluster: Cluster, port: number, pid: number, adopted: boolean): Promise<PostgresServer> {
  await ensureDatabase(cluster, port);
  return { url: urlOf(cluster, port, USER), port, adopted, stop: () => end(pid), kill: () => signal(pid, 'SIGQUIT') };
}

/** An orderly end first; after a while the server is told to drop everything. */
async function end(pid: number): Promise<void> {
  for (const [name, limitMs] of [
    ['SIGINT', STOP_TIMEOUT_MS],
    ['SIGQUIT', STOP_TIMEOUT_MS],
  ] as const) {
    if (!isRunning(pid)) return;
    signal(pid, name);
    for (const end = Date.now() + limitMs; isRunning(pid) && Date.now() < end; ) await sleep(POLL_MS);
  }
  if (isRunning(pid)) throw new ConsiliumError('POSTGRES_FAILED', { step: 'stop' });
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (isRunning(pid)) process.kill(pid, name);
}

/** Whether the server on this port takes our password and serves our cluster. */
async function answers(cluster: Cluster, port: number): Promise<boolean> {
  const rows = await query(cluster, port, 'SHOW data_directory').catch(() => []);
  return rows[0]?.data_directory === cluster.data;
}

async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  const there = await query(cluster, port, `SELECT 1 FROM pg_database WHERE datname = '${USER}'`);
  if (there.length > 0) return;
  await query(cluster, port, `CREATE DATABASE ${USER}`).catch((error: unknown) => {
    const { code } = error as { code?: string };
    if (code !== '42P04' && code !== '23505') throw new ConsiliumError('POSTGRES_FAILED', { step: 'database' }, error);
  });
}

async function query(cluster: Cluster, port: number, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: urlOf(cluster, port, 'postgres'), connectionTimeoutMillis: 2000 });
  client.on('error', () => {}); // a broken connection also fails the query below
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgresql://${USER}:${cluster.password}@127.0.0.1:${port}/${database}`;
}

async function choosePort(cluster: Cluster, wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && wanted !== 0) return wanted;
  const last = Number(await readFile(path.join(cluster.directory, 'port'), 'utf8').catch(() => '0'));
  return (last > 0 && (await freePort(last).catch(() => undefined))) || freePort(0);
}

async function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, '127.0.0.1', () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => resolve(free));
    });
  });
}

function environment(): Record<string, string> {
  return { LC_ALL: 'C', TZ: 'UTC' };
}

async function lastLogLine(cluster: Cluster): Promise<string> {
  const log = await readFile(path.join(cluster.directory, 'postgres.log'), 'utf8').catch(() => '');
  return (
    log
      .trim()
      .split('\n')
      .findLast((line) => /FATAL|ERROR|PANIC/.test(line)) ?? 'see postgres.log'
  );
}
