import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
import { readPseudonymKey, type SiteFolder } from '../platform/site-folder.js';
import type { ArchivedFiles } from './sealed-archive.js';

/** Paths within the site folder. The key is last: a restored folder is a site from the moment that it has one. */
export const BACKED_UP = {
  settings: 'site.json',
  tls: ['tls/ca.pem', 'tls/site.pem', 'tls/site.key'],
  state: 'state.sqlite',
  pseudonymMap: 'pseudonyms.sqlite',
  key: 'pseudonym.key',
} as const;

/** What a person reads of each file. */
export const MEANING: Readonly<Record<string, string>> = {
  [BACKED_UP.key]: 'the key of pseudonyms and of the split',
  [BACKED_UP.state]:
    "which part each patient is in, excluded patients, datasets' names, versions and bindings, answered invitations, what was trained and evaluated in each run, receipts, the site's book",
  [BACKED_UP.pseudonymMap]: 'the way back from pseudonyms to patients',
  [BACKED_UP.settings]: 'the settings',
  'tls/ca.pem': "the coordinator's authority",
  'tls/site.pem': "this site's certificate",
  'tls/site.key': 'its key',
};

/**
 * All of a site that its pictures do not give again. Works beside a running agent: each database is copied as it is at one instant.
 *
 * Errors   REQUEST_INVALID when the folder has no pseudonym key yet: nothing follows from one.
 */
export async function filesOfSite(folder: SiteFolder): Promise<ArchivedFiles> {
  if (!existsSync(folder.pseudonymKey))
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'the folder has no pseudonym.key: no dataset was ever made in it',
    });
  readPseudonymKey(folder); // a key that cannot be read is no backup
  const files = new Map<string, Uint8Array>();
  for (const path of [BACKED_UP.settings, ...BACKED_UP.tls])
    if (existsSync(join(folder.root, path))) files.set(path, readFileSync(join(folder.root, path)));
  for (const path of [BACKED_UP.state, BACKED_UP.pseudonymMap])
    if (existsSync(join(folder.root, path))) files.set(path, await copyOf(join(folder.root, path)));
  files.set(BACKED_UP.key, readFileSync(folder.pseudonymKey));
  return files;
}

/** With all that is committed, and only that. */
async function copyOf(path: string): Promise<Uint8Array> {
  const copy = `${path}.${process.pid}.copy`;
  await rm(copy, { force: true });
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    database.prepare('VACUUM INTO ?').run(copy);
    return readFileSync(copy);
  } finally {
    database.close();
    await rm(copy, { force: true });
  }
}
