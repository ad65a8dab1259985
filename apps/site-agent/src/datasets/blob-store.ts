import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, syncFile, syncFolder } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { sha256Hex } from '@consilium/tensors';

const SYNCED_AT_ONCE = 16;

/** Pixels by their SHA-256. Blobs of one dataset are forced to disk together: once for a thousand films, not a thousand times. */
export class BlobStore {
  private readonly unsynced = new Set<string>();

  constructor(private readonly root: string) {}

  /** Answers the digest. The blob is safe from a power cut only after `sync`. Errors  DISK_FULL. */
  async put(bytes: Uint8Array): Promise<string> {
    const digest = sha256Hex(bytes);
    const path = this.path(digest);
    if (await this.isWhole(path, digest)) {
      // Whoever wrote it may have been killed before its sync.
      this.unsynced.add(path);
      return digest;
    }
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error);
    }
    this.unsynced.add(path);
    return digest;
  }

  async sync(): Promise<void> {
    const paths = [...this.unsynced];
    this.unsynced.clear();
    for (let at = 0; at < paths.length; at += SYNCED_AT_ONCE)
      await Promise.all(paths.slice(at, at + SYNCED_AT_ONCE).map(syncFile));
    for (const folder of new Set(paths.map(dirname))) await syncFolder(folder);
  }

  /** As `hasAll`, and each has its digest: for blobs that a power cut may have met. They are forced to disk by `sync` too. */
  async hasAllWhole(digests: readonly string[]): Promise<boolean> {
    for (const digest of digests) {
      const path = this.path(digest);
      if (!(await this.isWhole(path, digest))) return false;
      this.unsynced.add(path);
    }
    return true;
  }

  /** True if all are there; whether they are whole, `get` finds out. */
  async hasAll(digests: readonly string[]): Promise<boolean> {
    const found = await Promise.all(
      digests.map((digest) =>
        access(this.path(digest)).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.every((isThere) => isThere);
  }

  /** Errors  DATASET_CORRUPT when it is gone or does not have its digest. */
  async get(digest: string): Promise<Uint8Array> {
    const bytes = await readFile(this.path(digest)).catch(() => undefined);
    if (!bytes || sha256Hex(bytes) !== digest) throw new ConsiliumError('DATASET_CORRUPT', { blob: digest });
    return bytes;
  }

  /** Deletes every blob that is not in `wanted`. */
  async keepOnly(wanted: ReadonlySet<string>): Promise<void> {
    for (const shard of await readdir(this.root).catch(() => []))
      for (const name of await readdir(join(this.root, shard)))
        if (!wanted.has(name)) await rm(join(this.root, shard, name), { force: true });
  }

  private path(digest: string): string {
    return join(this.root, digest.slice(0, 2), digest);
  }

  private async isWhole(path: string, digest: string): Promise<boolean> {
    const bytes = await readFile(path).catch(() => undefined);
    return bytes !== undefined && sha256Hex(bytes) === digest;
  }
}
