import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The user that the server runs as: nobody when we are root, because PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

const NOBODY = 65534;
/** Where root keeps what another user must reach when the asked-for folder is closed to it. */
export const SYSTEM_FOLDER = '/var/lib/consilium';

export function serverUser(): ServerUser {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/**
 * The folder of the cluster: `cluster` inside `directory`, or, when the server's user cannot get there, a folder of its
 * own below SYSTEM_FOLDER, remembered in `directory/location`. A deleted `directory` forgets its cluster.
 */
export async function clusterFolder(directory: string, user: ServerUser): Promise<string> {
  await mkdir(directory, { recursive: true });
  const inside = path.join(directory, 'cluster');
  const cluster = user.uid === undefined || (await canPass(directory)) ? inside : await outside(directory);
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(cluster, user.uid, user.gid);
  return cluster;
}

/** The folder of a cluster that was made earlier. */
export async function knownClusterFolder(directory: string): Promise<string | undefined> {
  const inside = path.join(directory, 'cluster');
  if (existsSync(inside)) return inside;
  return (await readFile(path.join(directory, 'location'), 'utf8').catch(() => '')).trim() || undefined;
}

async function outside(directory: string): Promise<string> {
  const note = path.join(directory, 'location');
  const known = await readFile(note, 'utf8').catch(() => '');
  if (known) return known.trim();
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o711 });
  const chosen = path.join(SYSTEM_FOLDER, `cluster-${randomBytes(8).toString('hex')}`);
  await writeFile(note, `${chosen}\n`);
  return chosen;
}

/** Whether every folder on the way lets other users pass. */
async function canPass(directory: string): Promise<boolean> {
  for (let folder = path.resolve(directory); ; folder = path.dirname(folder)) {
    const { mode, uid } = await stat(folder);
    if (!(mode & 0o001) && uid !== NOBODY) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
