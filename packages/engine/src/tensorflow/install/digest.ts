import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ConsiliumError } from '@consilium/errors';
import { PINNED_SHA256 } from './pinned.js';
import type { InstallContext, Obtained } from './source.js';

/** A distribution whose bytes are the expected ones. */
export interface Checked {
  readonly file: string;
  readonly sha256: string;
  readonly checkedAgainst: 'the table of this version' | 'the index' | 'the command line';
}

export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, ...(signal ? [{ signal }] : []));
  return hash.digest('hex');
}

/**
 * Checks a distribution: against our table when it is there, else against what the index says, else against the digests
 * that the operator has given. There is no other way in.
 *
 * Errors   ENGINE_DISTRIBUTION_CORRUPT, ENGINE_DISTRIBUTION_UNVERIFIED with the digest that it has.
 */
export async function checkDistribution(
  { path, sha256: fromIndex }: Obtained,
  accepted: readonly string[],
  { report, signal }: InstallContext,
): Promise<Checked> {
  const file = basename(path);
  report({ doing: `checking ${file}` });
  const sha256 = await sha256OfFile(path, signal);
  const pinned = PINNED_SHA256[file];
  const expected = pinned ?? fromIndex;
  if (expected === undefined) {
    if (accepted.includes(sha256)) return { file, sha256, checkedAgainst: 'the command line' };
    throw new ConsiliumError('ENGINE_DISTRIBUTION_UNVERIFIED', {
      file,
      sha256,
      reason: 'not in the table of this version; when you know that it is right, give its digest with --sha256',
    });
  }
  if (sha256 !== expected) throw new ConsiliumError('ENGINE_DISTRIBUTION_CORRUPT', { file, expected, found: sha256 });
  return { file, sha256, checkedAgainst: pinned ? 'the table of this version' : 'the index' };
}
