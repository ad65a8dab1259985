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
import { ChunkPins } from './chunk-pins.js';
import type { ChunkStore, Collected } from './chunk-store.js';
import { PRIVATE_FOLDER } from './private-folder.js';

/** Chunks as files of one folder: `ab/cdef...`, by the first byte of the digest. */
export class FolderChunkStore implements ChunkStore {
  private readonly pins = new ChunkPins();

  constructor(private readonly folder: string) {}

  async keeping<T>(work: () => Promise<T>): Promise<T> {
    return this.pins.keeping(work);
  }

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
      const whole = await filled(file, Buffer.allocUnsafe((await file.stat()).size), digest);
      return whole.subarray(offset);
    });
  }

  async readInto(digest: string, into: Uint8Array): Promise<Uint8Array> {
    return this.withFile(digest, async (file) => {
      if ((await file.stat()).size !== into.byteLength) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
      return filled(file, into, digest);
    });
  }

  async put(digest: string, bytes: Uint8Array): Promise<void> {
    if (sha256Hex(bytes) !== digest) throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    await this.pins.pin(digest);
    if (await this.has(digest)) return;
    const file = this.fileOf(digest);
    await mkdir(path.dirname(file), PRIVATE_FOLDER);
    await writeDurably(file, [bytes]);
  }

  async adopt(digest: string, file: string): Promise<void> {
    await this.pins.pin(digest);
    const target = this.fileOf(digest);
    await mkdir(path.dirname(target), PRIVATE_FOLDER);
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

  async collect(
    digests: readonly string[],
    named: (digests: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<Collected> {
    const { claimed, busy, release } = this.pins.claim(digests);
    try {
      const names = await named(claimed);
      let chunks = 0;
      let bytes = 0;
      for (const digest of claimed.filter((digest) => !names.has(digest))) {
        const size = await this.delete(digest);
        chunks += size === null ? 0 : 1;
        bytes += size ?? 0;
      }
      return { chunks, bytes, busy };
    } finally {
      release();
    }
  }

  /** Answers its size, or null when it was not there. */
  private async delete(digest: string): Promise<number | null> {
    try {
      const { size } = await stat(this.fileOf(digest));
      await rm(this.fileOf(digest));
      return size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
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

/** A disk may give back other bytes than it was given: nothing is summed, judged or handed on that does not have its digest. */
async function filled(file: FileHandle, bytes: Uint8Array, digest: string): Promise<Uint8Array> {
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0);
  if (bytesRead !== bytes.byteLength || sha256Hex(bytes) !== digest)
    throw new ConsiliumError('CHUNK_CORRUPT', { digest });
  return bytes;
}
