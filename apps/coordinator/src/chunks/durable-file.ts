import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { ConsiliumError } from '@consilium/errors';

/** Writes a file so that after a crash it is there whole or not at all. */
export async function writeDurably(file: string, bytes: Uint8Array, temporary: string): Promise<void> {
  const handle = await openForWriting(temporary, 'w');
  try {
    await writeSynced(handle, bytes);
  } finally {
    await handle.close();
  }
  await renameDurably(temporary, file);
}

/** The new name is on disk when this is done. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(path.dirname(to));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function openForWriting(file: string, flags: 'w' | 'a'): Promise<FileHandle> {
  try {
    return await open(file, flags);
  } catch (error) {
    if (!isMissing(error)) throw translated(error);
    await mkdir(path.dirname(file), { recursive: true });
    return open(file, flags);
  }
}

async function writeSynced(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    throw translated(error);
  }
}

export function translated(error: unknown): unknown {
  return codeOf(error) === 'ENOSPC' ? new ConsiliumError('DISK_FULL', {}, error) : error;
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
