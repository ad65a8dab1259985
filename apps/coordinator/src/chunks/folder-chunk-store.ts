import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { sha256Hex } from '@consilium/tensors';
import type { ChunkStore } from './chunk-store.js';
import { codeOf, isMissing, renameDurably, syncFolder, translated, writeDurably } from './durable-file.js';

/** Chunks as files of one folder: `ab/cdef...`, by the first byte of the digest. */
export class FolderChunkStore implements ChunkStore {
  constructor(private readonly folder: string) {}

  async has(digest: string): Promise<boolean> {
    try {
      await stat(this.fileOf(digest));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async read(digest: string, offset = 0): Promise<Uint8Array> {
    const handle = await open(this.fileOf(digest)).catch((error: unknown) => {
      throw isMissing(error) ? new ConsiliumError('CHUNK_NOT_AVAILABLE', { digest }, error) : error;
    });
    try {
      const bytes = Buffer.allocUnsafe(Math.max(0, (await handle.stat()).size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      if (bytesRead !== bytes.length) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async put(digest: string, bytes: Uint8Array): Promise<void> {
    if (sha256Hex(bytes) !== digest) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    if (await this.has(digest)) return;
    const file = this.fileOf(digest);
    await mkdir(path.dirname(file), { recursive: true });
    await writeDurably(file, bytes, this.temporary(file));
  }

  async adopt(digest: string, file: string): Promise<void> {
    const target = this.fileOf(digest);
    await mkdir(path.dirname(target), { recursive: true });
    try {
      await link(file, target);
      await syncFolder(path.dirname(target));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      // Not every file system has hard links, and uploads may lie on another one.
      if (!['EPERM', 'EXDEV', 'ENOTSUP', 'EMLINK'].includes(String(codeOf(error)))) throw translated(error);
      const temporary = this.temporary(target);
      await copyFile(file, temporary);
      const handle = await open(temporary, 'r+');
      await handle.sync().finally(() => handle.close());
      await renameDurably(temporary, target);
    }
  }

  private fileOf(digest: string): string {
    return path.join(this.folder, digest.slice(0, 2), digest.slice(2));
  }

  /** Beside its target, because a rename works within one file system only. */
  private temporary(file: string): string {
    return `${file}.${randomUUID()}.part`;
  }
}
