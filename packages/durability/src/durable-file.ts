import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConsiliumError } from '@consilium/errors';

/**
 * Writes a file that is either whole or not there, whatever happens in between: a temporary file beside it, forced to
 * disk, renamed, and the folder forced too.
 *
 * Errors   DISK_FULL; whatever `parts` throws. The temporary file is gone then.
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
    await renameDurably(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error);
  }
}

/** The new name is on disk when this is done. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Forces the contents of a file to disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

/** A new name is safe from a power cut only when its folder is on disk as well. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there, and need not be
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/** DISK_FULL for what the system says of a full disk or a used-up quota; any other error as it is. */
export function diskError(error: unknown): unknown {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? new ConsiliumError('DISK_FULL', {}, error) : error;
}

/** Whether an error of the file system says that there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

/** The system's code of an error (`EEXIST`, `ENOENT`, ...), undefined for other errors. */
export function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
