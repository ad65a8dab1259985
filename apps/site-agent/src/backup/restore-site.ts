import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renameDurably, writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { openSiteState } from '../state/site-state.js';
import type { ArchivedFiles } from './sealed-archive.js';
import { BACKED_UP } from './site-backup.js';

/** Where everything lies until all of it is there. */
const STAGED = 'restoring';

export interface Restored {
  readonly files: readonly string[];
  /** Settings and certificates that were in the folder already: they are newer. */
  readonly kept: readonly string[];
  /** Datasets whose pictures have to be read again. */
  readonly toAdd: readonly string[];
}

/**
 * Makes a folder the site that a backup is of, wholly or not at all: everything is staged first, and the key comes last. A restore
 * that broke off is done by doing it again. Nothing that a folder holds is ever written over.
 *
 * Errors   RESTORE_REFUSED when the folder has a key, datasets or answered invitations, or is of another site; DISK_FULL.
 */
export async function restoreSite(root: string, files: ArchivedFiles): Promise<Restored> {
  const path = (name: string) => join(root, name);
  const isGoingOn = existsSync(path(STAGED)) && !existsSync(path(BACKED_UP.key));
  requireNoOtherKey(root, files);
  requireSameSite(root, files);
  if (!isGoingOn) requireNothingToLose(root);
  const kept = [BACKED_UP.settings, ...BACKED_UP.tls].filter((name) => existsSync(path(name)));
  const wanted = [...files].filter(([name]) => !kept.some((one) => one === name));
  mkdirSync(path(STAGED), { recursive: true, mode: 0o700 });
  for (const [name, bytes] of wanted) {
    mkdirSync(dirname(join(root, STAGED, name)), { recursive: true, mode: 0o700 });
    await writeDurably(join(root, STAGED, name), [bytes]);
  }
  const toAdd = withoutPictures(join(root, STAGED, BACKED_UP.state), root);
  for (const suffix of ['', '-wal', '-shm']) await rm(path(`${BACKED_UP.state}${suffix}`), { force: true });
  for (const [name] of inOrder(wanted)) {
    mkdirSync(dirname(path(name)), { recursive: true, mode: 0o700 });
    await renameDurably(join(root, STAGED, name), path(name));
  }
  await rm(path(STAGED), { recursive: true, force: true });
  return { files: wanted.map(([name]) => name), kept, toAdd };
}

function inOrder<T>(files: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  const isKey = ([name]: readonly [string, T]) => name === BACKED_UP.key;
  return [...files.filter((file) => !isKey(file)), ...files.filter(isKey)];
}

function requireNoOtherKey(root: string, files: ArchivedFiles): void {
  const key = join(root, BACKED_UP.key);
  if (!existsSync(key)) return;
  const isSame =
    readFileSync(key, 'utf8').trim() ===
    Buffer.from(files.get(BACKED_UP.key) ?? [])
      .toString('utf8')
      .trim();
  throw refused(
    isSame
      ? 'it has the key of this backup already, and its state may be newer'
      : 'it has another key, from which pseudonyms and the split of its datasets follow; keep that folder, and restore into a new one',
  );
}

function requireSameSite(root: string, files: ArchivedFiles): void {
  const here = join(root, BACKED_UP.settings);
  const backedUp = files.get(BACKED_UP.settings);
  if (!existsSync(here) || !backedUp) return;
  const [own, other] = [nameIn(readFileSync(here)), nameIn(backedUp)];
  if (own !== other) throw refused(`its site.json is of ${own}, and the backup is of ${other}`);
}

function nameIn(settings: Uint8Array): string {
  try {
    const { federation, siteId } = JSON.parse(Buffer.from(settings).toString('utf8')) as Record<string, unknown>;
    return `site ${String(siteId)} of ${String(federation)}`;
  } catch {
    return 'no site';
  }
}

function requireNothingToLose(root: string): void {
  const state = join(root, BACKED_UP.state);
  if (existsSync(join(root, BACKED_UP.pseudonymMap))) throw refused('it holds a pseudonym map');
  if (!existsSync(state)) return;
  const opened = openSiteState(state);
  try {
    if (opened.datasets.list().length > 0 || opened.invitations.count() > 0)
      throw refused('it holds datasets or answered invitations; keep that folder, and restore into a new one');
  } finally {
    opened.close();
  }
}

/** A dataset without its pictures is none; its name keeps its history, and its patients their parts. Answers those. */
function withoutPictures(state: string, root: string): string[] {
  const opened = openSiteState(state);
  try {
    return opened.transaction(() => {
      const gone = opened.datasets
        .list()
        .filter(({ version }) => !existsSync(join(root, 'datasets', `${version}.json`)))
        .map(({ name }) => name);
      for (const name of gone) opened.datasets.forgetVersion(name);
      opened.acts.add('site.restore', 'site', { toAdd: gone });
      return gone;
    });
  } finally {
    opened.close(); // the last connection: the write-ahead log is in the file again
  }
}

function refused(problem: string): ConsiliumError {
  return new ConsiliumError('RESTORE_REFUSED', { problem });
}
