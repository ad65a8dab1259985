import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';

/** Where everything of one site lives. Only this site's agent and its administrator ever look inside. */
export interface SiteFolder {
  readonly root: string;
  readonly settings: string;
  readonly tls: string;
  readonly pseudonymKey: string;
  readonly pseudonymMap: string;
  readonly state: string;
  readonly lock: string;
  readonly datasets: string;
  readonly reports: string;
  /** What has been read for each dataset. */
  readonly journals: string;
  readonly tensors: string;
  readonly weights: string;
}

/** Errors  CONFIG_INVALID when there is no such folder, or a restore into it has broken off. */
export function siteFolder(root: string, purpose: 'working' | 'restoring' = 'working'): SiteFolder {
  if (!existsSync(root)) throw new ConsiliumError('CONFIG_INVALID', { problem: 'the site folder does not exist' });
  if (purpose === 'working' && existsSync(join(root, 'restoring')) && !existsSync(join(root, 'pseudonym.key')))
    throw new ConsiliumError('CONFIG_INVALID', {
      problem: 'a restore into this folder has broken off: run the same `consilium site restore` again',
    });
  const folder = {
    root,
    settings: join(root, 'site.json'),
    tls: join(root, 'tls'),
    pseudonymKey: join(root, 'pseudonym.key'),
    pseudonymMap: join(root, 'pseudonyms.sqlite'),
    state: join(root, 'state.sqlite'),
    lock: join(root, 'lock'),
    datasets: join(root, 'datasets'),
    reports: join(root, 'reports'),
    journals: join(root, 'journals'),
    tensors: join(root, 'tensors'),
    weights: join(root, 'weights'),
  };
  for (const path of [folder.datasets, folder.reports, folder.journals, folder.tensors, folder.weights])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * The key of the pseudonyms; made from the system's randomness when the site has none. It never leaves the site.
 *
 * Errors   CONFIG_INVALID when the file does not hold 64 hexadecimal digits.
 */
export function readPseudonymKey(folder: SiteFolder): Buffer {
  if (!existsSync(folder.pseudonymKey)) makeKey(folder.pseudonymKey);
  const text = readFileSync(folder.pseudonymKey, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'pseudonym.key must hold 64 hexadecimal digits' });
  chmodSync(folder.pseudonymKey, 0o600);
  return Buffer.from(text, 'hex');
}

/** A link fails where a rename would replace: of two commands that start together only one makes the key. */
function makeKey(path: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
