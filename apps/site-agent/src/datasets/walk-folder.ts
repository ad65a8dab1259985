import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfStopped } from '../platform/stopping.js';

export interface FoundFile {
  /** Relative to the folder, with forward slashes. */
  readonly file: string;
  readonly isRegular: boolean;
}

/** Every file below a folder, in the byte order of the names, so that a folder is always walked the same way. */
export async function walkFolder(folder: string, signal: AbortSignal): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const pending = [''];
  while (pending.length > 0) {
    throwIfStopped(signal);
    const below = pending.pop()!;
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const file = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) pending.push(file);
      else found.push({ file, isRegular: entry.isFile() });
    }
  }
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.file), Buffer.from(b.file)));
}
