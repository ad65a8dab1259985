import { existsSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { keyedHash } from '../datasets/keyed-hash.js';
import { readPseudonymKey, type SiteFolder } from '../platform/site-folder.js';
import type { SiteState } from './site-state.js';

/** Tells two keys apart, and says nothing of either. */
export function fingerprintOf(key: Uint8Array): string {
  return keyedHash(key, 'fingerprint', '').slice(0, 16);
}

/**
 * The key of the pseudonyms, made when the site has none. A folder whose datasets were made with a key that is gone gets no new
 * one: its patients would be split anew. Errors  CONFIG_INVALID.
 */
export function keyOfSite(folder: SiteFolder, { datasets }: Pick<SiteState, 'datasets'>): Buffer {
  if (!existsSync(folder.pseudonymKey) && datasets.keys().size > 0)
    throw new ConsiliumError('CONFIG_INVALID', {
      problem:
        'pseudonym.key is gone, and the datasets of this folder were made with it; put it back from a backup, or with `consilium site restore` into a new folder',
    });
  return readPseudonymKey(folder);
}

/** The datasets whose pseudonyms and split follow from another key than the folder has now. */
export function datasetsOfOtherKeys(folder: SiteFolder, { datasets }: Pick<SiteState, 'datasets'>): string[] {
  if (!existsSync(folder.pseudonymKey)) return [...datasets.keys().keys()];
  const own = fingerprintOf(readPseudonymKey(folder));
  return [...datasets.keys()].filter(([, fingerprint]) => fingerprint !== own).map(([name]) => name);
}

export const OTHER_KEY_WARNING =
  'made with another pseudonym.key: its patients get other pseudonyms and parts now, so that test patients may become training ' +
  'patients; put back the key that it was made with (a backup of the site holds it) before anything else';
