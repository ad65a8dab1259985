import { randomUUID } from 'node:crypto';
import { copyFile, type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  diskError,
  isMissing,
  renameDurably,
  syncFile,
  syncFolder,
  systemCode,
  writeDurably,
} from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { sha256Hex } from '@consilium/tensors';
import type { ChunkStore } from './chunk-store.js';

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
    return this.withFile(digest, async (file) => {
      const bytes = Buffer.allocUnsafe(Math.max(0, (await file.stat()).size - offset));
      return filled(file, bytes, offset, digest);
    });
  }

  async readInto(digest: string, into: Uint8Array): Promise<Uint8Array> {
    return this.withFile(digest, async (file) => {
      if ((await file.stat()).size !== into.byteLength) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
      return filled(file, into, 0, digest);
    });
  }

  async put(digest: string, bytes: Uint8Array): Promise<void> {
    if (sha256Hex(bytes) !== digest) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    if (await this.has(digest)) return;
    const file = this.fileOf(digest);
    await mkdir(path.dirname(file), { recursive: true });
    await writeDurably(file, [bytes]);
  }

  async adopt(digest: string, file: string): Promise<void> {
    const target = this.fileOf(digest);
    await mkdir(path.dirname(target), { recursive: true });
    try {
      await link(file, target);
      await syncFolder(path.dirname(target));
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return;
      // Not every file system has hard links, and uploads may lie on another one.
      if (!['EPERM', 'EXDEV', 'ENOTSUP', 'EMLINK'].includes(String(systemCode(error)))) throw diskError(error);
      // Beside its target, because a rename works within one file system only.
      const temporary = `${target}.${randomUUID()}.part`;
      try {
        await copyFile(file, temporary);
        await syncFile(temporary);
        await renameDurably(temporary, target);
      } catch (failure) {
        await rm(temporary, { force: true });
        throw diskError(failure);
      }
    }
  }

  private async withFile<T>(digest: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await open(this.fileOf(digest)).catch((error: unknown) => {
      throw isMissing(error) ? new ConsiliumError('CHUNK_NOT_AVAILABLE', { digest }, error) : error;
    });
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  private fileOf(digest: string): string {
    return path.join(this.folder, digest.slice(0, 2), digest.slice(2));
  }
}

async function filled(file: FileHandle, bytes: Uint8Array, offset: number, digest: string): Promise<Uint8Array> {
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, offset);
  if (bytesRead !== bytes.byteLength) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
  return bytes;
}
