import { randomBytes } from 'node:crypto';
import { appendFile, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, renameDurably, syncFile, writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { chunkLength, chunksOf, type Manifest, payloadBytes, sha256Hex } from '@consilium/tensors';

/**
 * Chunks of weights, each a file named by its SHA-256. A chunk under its own name is whole and was checked; what has only
 * come in part is in a file `<digest>.part`, whose size says where to go on.
 */
export class WeightStore {
  constructor(private readonly root: string) {}

  path(digest: string): string {
    return join(this.root, digest);
  }

  /** Paths of a model's chunks in order. */
  paths(manifest: Manifest): string[] {
    return manifest.chunkDigests.map((digest) => this.path(digest));
  }

  /** Chunks of a manifest that are not here yet, each once, with the offset to go on from. */
  async missing(manifest: Manifest): Promise<{ digest: string; offset: number; bytes: number }[]> {
    const missing = new Map<string, { digest: string; offset: number; bytes: number }>();
    for (const [index, digest] of manifest.chunkDigests.entries()) {
      const bytes = chunkLength(manifest.bytes, index);
      if (missing.has(digest) || (await sizeOf(this.path(digest))) === bytes) continue;
      const begun = (await sizeOf(this.partPath(digest))) ?? 0;
      missing.set(digest, { digest, offset: begun < bytes ? begun : 0, bytes });
    }
    return [...missing.values()];
  }

  /**
   * Adds a piece to a chunk that comes in parts. Answers true when that made it whole.
   *
   * Errors   CHUNK_CORRUPT: the whole does not have its digest (what had come is deleted), or the piece does not follow.
   */
  async append(digest: string, offset: number, data: Uint8Array, chunkBytes: number): Promise<boolean> {
    const part = this.partPath(digest);
    const begun = (await sizeOf(part)) ?? 0;
    if (offset === 0 && begun > 0) await rm(part);
    else if (offset !== begun) throw new ConsiliumError('CHUNK_CORRUPT', { offset, begun });
    if (offset + data.length > chunkBytes) throw new ConsiliumError('CHUNK_CORRUPT', { bytes: offset + data.length });
    await appendFile(part, data, { mode: 0o600 }).catch((error) => Promise.reject(diskError(error)));
    if (offset + data.length < chunkBytes) return false;
    await this.complete(digest, part);
    return true;
  }

  /** Writes all chunks of `values` durably. */
  async save(values: Float32Array): Promise<void> {
    for (const chunk of chunksOf(payloadBytes(values))) {
      const path = this.path(sha256Hex(chunk));
      if ((await sizeOf(path)) !== chunk.length) await writeDurably(path, [chunk]);
    }
  }

  /** Errors  CHUNK_CORRUPT when it is gone or has changed. */
  async readChunk(digest: string): Promise<Uint8Array> {
    const bytes = await readFile(this.path(digest)).catch(() => undefined);
    if (!bytes || sha256Hex(bytes) !== digest) {
      await rm(this.path(digest), { force: true });
      throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    }
    return bytes;
  }

  async hasAll(manifest: Manifest): Promise<boolean> {
    return (await this.missing(manifest)).length === 0;
  }

  /** A file for the trainer to write into; `prune` deletes it if nobody else does. */
  scratchPath(): string {
    return join(this.root, `${randomBytes(8).toString('hex')}.scratch`);
  }

  /** Deletes every file that no manifest of `wanted` names. */
  async prune(wanted: readonly Manifest[]): Promise<void> {
    const names = new Set(wanted.flatMap((manifest) => manifest.chunkDigests));
    for (const name of await readdir(this.root))
      if (!names.has(name.replace(/\.part$/, ''))) await rm(join(this.root, name), { force: true });
  }

  private partPath(digest: string): string {
    return `${this.path(digest)}.part`;
  }

  private async complete(digest: string, part: string): Promise<void> {
    if (sha256Hex(await readFile(part)) !== digest) {
      await rm(part, { force: true });
      throw new ConsiliumError('CHUNK_CORRUPT', { digest });
    }
    await syncFile(part);
    await renameDurably(part, this.path(digest));
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
