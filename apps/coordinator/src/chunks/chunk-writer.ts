import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { diskError, renameDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { PRIVATE_FOLDER } from './private-folder.js';
import type { UploadQuota } from './upload-quota.js';

export interface ChunkWriterTarget {
  /** Holds what has arrived; survives a crash. */
  readonly partFile: string;
  /** The name of the chunk once it is whole and has its digest. */
  readonly wholeFile: string;
  readonly digest: string;
  readonly length: number;
  readonly quota: UploadQuota;
}

/** Appends the pieces of one chunk to its part file. */
export class ChunkWriter {
  /** Set as soon as nothing more is taken; done when the file is closed. */
  private ending: Promise<void> | undefined;
  private pending: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly target: ChunkWriterTarget,
    private readonly handle: FileHandle,
    private at: number,
  ) {}

  /** Errors  UPDATE_INCOMPLETE when the part on disk does not end at `offset`: the site asks again what is missing. */
  static async open(target: ChunkWriterTarget, offset: number): Promise<ChunkWriter> {
    const opening = mkdir(path.dirname(target.partFile), PRIVATE_FOLDER).then(() => open(target.partFile, 'a', 0o600));
    const handle = await opening.catch(throwDiskError);
    const { size } = await handle.stat();
    if (size === offset) return new ChunkWriter(target, handle, size);
    await handle.close();
    throw new ConsiliumError('UPDATE_INCOMPLETE', { offset, expected: size });
  }

  /** Errors  UPLOAD_QUOTA_EXCEEDED beyond the chunk's length, DISK_FULL, STOPPED when a newer upload took over. */
  async append(offset: number, bytes: Uint8Array): Promise<void> {
    if (this.ending !== undefined) throw new ConsiliumError('STOPPED');
    if (offset !== this.at) throw new ConsiliumError('UPDATE_INCOMPLETE', { offset, expected: this.at });
    if (this.at + bytes.byteLength > this.target.length)
      throw new ConsiliumError('UPLOAD_QUOTA_EXCEEDED', { length: this.target.length });
    this.target.quota.take(bytes.byteLength);
    this.at += bytes.byteLength;
    this.pending = this.handle.writeFile(bytes);
    await this.pending.catch(throwDiskError);
  }

  /** Closes the file. A whole chunk is checked and gets its name. Errors  CHUNK_CORRUPT, the part is then dropped; DISK_FULL. */
  async finish(): Promise<void> {
    if (this.ending !== undefined) return;
    this.ending = this.end();
    await this.ending;
  }

  /** The same for whoever takes over: what has arrived stays, and a chunk that came in wrong is asked for again. */
  async abandon(): Promise<void> {
    this.ending ??= this.end();
    await this.ending.catch(() => undefined);
  }

  private async end(): Promise<void> {
    await this.pending.catch(() => undefined);
    try {
      await this.handle.sync().catch(throwDiskError);
    } finally {
      await this.handle.close();
    }
    const { partFile, wholeFile, digest, length, quota } = this.target;
    if (this.at < length) return;
    if ((await digestOf(partFile)) !== digest) {
      await rm(partFile, { force: true });
      quota.giveBack(length);
      throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    }
    await renameDurably(partFile, wholeFile).catch(throwDiskError);
  }
}

function throwDiskError(error: unknown): never {
  throw diskError(error);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}
