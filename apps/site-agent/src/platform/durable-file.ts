import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConsiliumError } from '@consilium/errors';

/**
 * Writes a file that is either whole or not there, whatever happens in between: a temporary file beside it, forced to
 * disk, renamed, and the folder forced too.
 *
 * Errors   DISK_FULL.
 */
export async function writeDurably(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      for await (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error);
  }
}

/** A rename is safe from a power cut only when the folder is on disk as well. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there, and need not be
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

export function diskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' ? new ConsiliumError('DISK_FULL', {}, error) : error;
}
