import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import {
  deletePostgres,
  findPostgres,
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  stopPostgres,
} from './index.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function folder(mode = 0o755): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'consilium-postgres-'));
  await chmod(made, mode);
  cleanUps.push(async () => {
    const outside = await readFile(path.join(made, 'db/location'), 'utf8').catch(() => undefined);
    if (outside) await rm(outside.trim(), { recursive: true, force: true });
    await rm(made, { recursive: true, force: true });
  });
  return made;
}

async function start(options: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  cleanUps.push(() => server.stop());
  return server;
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function pidOf(directory: string): Promise<number> {
  const outside = await readFile(path.join(directory, 'location'), 'utf8').catch(() => undefined);
  const cluster = outside?.trim() ?? path.join(directory, 'cluster');
  return Number((await readFile(path.join(cluster, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

it('starts, keeps what was written over a kill -9, keeps its port, and stops', async () => {
  const directory = path.join(await folder(), 'db');
  const first = await start({ directory });
  expect(first.adopted).toBe(false);
  await ask(first.url, 'CREATE TABLE act AS SELECT 41 + 1 AS answer');
  process.kill(await pidOf(directory), 'SIGKILL');
  const second = await start({ directory });
  expect(second.adopted).toBe(false);
  expect(second.port).toBe(first.port);
  expect(await ask(second.url, 'SELECT answer FROM act')).toEqual([{ answer: 42 }]);
  await second.stop();
  await expect(ask(second.url, 'SELECT 1')).rejects.toThrow();
});

it('adopts a server that is still running, and two starts at once share one', async () => {
  const directory = path.join(await folder(), 'db');
  const [one, other] = await Promise.all([start({ directory }), sleep(5).then(() => start({ directory }))]);
  expect(one.url).toBe(other.url);
  expect([one.adopted, other.adopted].filter(Boolean)).toHaveLength(1);
  const third = await start({ directory });
  expect(third).toMatchObject({ adopted: true, url: one.url });
});

it('starts although a killed start has left an empty password, and says so when that of a cluster is lost', async () => {
  const directory = path.join(await folder(), 'db');
  await mkdir(directory);
  await writeFile(path.join(directory, 'password'), '');
  const server = await start({ directory });
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect((await readdir(directory)).filter((name) => name.startsWith('password'))).toEqual(['password']);
  await server.stop();
  await writeFile(path.join(directory, 'password'), '');
  await expect(startPostgres({ directory })).rejects.toMatchObject({ code: 'POSTGRES_FAILED' });
});

it('wants its password, which only its owner can read, and listens on no socket file', async () => {
  const directory = path.join(await folder(), 'db');
  const { url } = await start({ directory });
  expect((await stat(path.join(directory, 'password'))).mode & 0o777).toBe(0o600);
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect(await ask(url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  expect(await ask(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
});

it('takes another port when its own is taken by now', async () => {
  const directory = path.join(await folder(), 'db');
  const first = await start({ directory });
  await first.stop();
  const squatter = createServer().listen(first.port, '127.0.0.1');
  cleanUps.push(() => squatter.close());
  const second = await start({ directory });
  expect(second.port).not.toBe(first.port);
  expect(await ask(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('starts although the pid of its killed server belongs to another program by now', async () => {
  const directory = path.join(await folder(), 'db');
  const first = await start({ directory });
  process.kill(await pidOf(directory), 'SIGKILL');
  await sleep(300);
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  cleanUps.push(() => other.kill());
  const file = path.join(directory, 'cluster/data/postmaster.pid');
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [other.pid, ...lines.slice(1)].join('\n'));
  const second = await start({ directory });
  expect(await ask(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(first.port).toBe(second.port);
});

it('starts below a folder that is closed to other users, also as root', async () => {
  const closed = await folder(0o700);
  const directory = path.join(closed, 'db');
  await mkdir(directory);
  const first = await start({ directory });
  await ask(first.url, 'CREATE TABLE kept ()');
  await first.stop();
  const second = await start({ directory });
  expect(await ask(second.url, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 0 }]);
});

it('stops and deletes by its directory alone', async () => {
  const directory = path.join(await folder(), 'db');
  expect(await stopPostgres(directory)).toBe(false);
  const { url } = await start({ directory });
  expect(await stopPostgres(directory)).toBe(true);
  expect(await stopPostgres(directory)).toBe(false);
  await expect(ask(url, 'SELECT 1')).rejects.toThrow();
  await start({ directory });
  await deletePostgres(directory);
  await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('finds the binaries of this machine', async () => {
  expect((await findPostgres()).version).toMatch(/^\d+\.\d+/);
});

it('leaves the PostgreSQL of another folder alone that has the pid of its own killed one', async () => {
  const [directory, otherDirectory] = [path.join(await folder(), 'db'), path.join(await folder(), 'db')];
  const other = await start({ directory: otherDirectory });
  await start({ directory });
  process.kill(await pidOf(directory), 'SIGKILL');
  await sleep(300);
  const file = path.join(directory, 'cluster/data/postmaster.pid');
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [await pidOf(otherDirectory), ...lines.slice(1)].join('\n'));
  expect(await stopPostgres(directory)).toBe(false);
  expect(await ask((await start({ directory })).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await ask(other.url, 'SELECT 2 AS two')).toEqual([{ two: 2 }]);
});
