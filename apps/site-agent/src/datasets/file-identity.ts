import { lstat } from 'node:fs/promises';
import { keyedHash } from './keyed-hash.js';

/** Which bytes a file held when it was read: the same identity is taken for the same bytes. Its name is a keyed hash. */
export interface FileIdentity {
  readonly name: string;
  readonly folder: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly inode: string;
}

/** Errors  those of the file system. `folder` is absolute, `file` relative to it. */
export async function identityOf(folder: string, file: string, key: Uint8Array): Promise<FileIdentity> {
  const { size, mtimeMs, ino } = await lstat(`${folder}/${file}`);
  return {
    name: pathHash(folder, file, key),
    folder: folderHash(folder, key),
    sizeBytes: size,
    modifiedMs: mtimeMs,
    inode: String(ino),
  };
}

export function pathHash(folder: string, file: string, key: Uint8Array): string {
  return keyedHash(key, 'path', `${folder}/${file}`);
}

export function folderHash(folder: string, key: Uint8Array): string {
  return keyedHash(key, 'folder', folder);
}
