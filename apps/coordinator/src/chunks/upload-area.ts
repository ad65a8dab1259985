import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { chunkLength, type Manifest, manifestDigest } from '@consilium/tensors';
import { ChunkWriter } from './chunk-writer.js';
import { UploadQuota } from './upload-quota.js';

/** One site's upload of one round. */
export interface UploadKey {
  readonly runId: string;
  readonly round: number;
  readonly siteId: string;
}

export interface MissingPart {
  readonly digest: string;
  /** First byte still missing. */
  readonly offset: number;
}

const PART = '.part';

/**
 * Uploads under way, apart from the chunk store: what a site sends stays here until its update is accepted, so a refused update
 * leaves nothing behind and no site learns what others have sent. A chunk is `<digest>.part` until it is whole and has its
 * digest, then `<digest>`.
 */
export class UploadArea {
  /** Open writers by part file. */
  private readonly writers = new Map<string, ChunkWriter>();
  /** The last opening of each part file that is under way: two streams must not append to one file. */
  private readonly openings = new Map<string, Promise<ChunkWriter>>();
  /** Of each upload folder: the manifest that was offered last, and the bytes that lie there. */
  private readonly quotas = new Map<string, UploadQuota>();

  constructor(private readonly folder: string) {}

  /**
   * What of a manifest has not arrived, in its order. A stream that still runs for it is cut off, or the answer would be out of
   * date at once. Leftovers of another manifest are dropped: a site keeps one upload a round, and that is its quota. From here on no
   * stream begins a chunk of the manifest that this one replaces.
   */
  async missing(key: UploadKey, manifest: Manifest): Promise<MissingPart[]> {
    const quota = new UploadQuota(manifest);
    this.quotas.set(this.folderOf(key), quota);
    await this.cutOff(this.folderOf(key));
    const sizes = new Map<string, number>();
    for (const name of await namesIn(this.folderOf(key))) {
      // A newer offer counts and drops by itself.
      if (this.quotas.get(this.folderOf(key)) !== quota) throw replaced();
      const file = path.join(this.folderOf(key), name);
      const { size } = await stat(file);
      const index = manifest.chunkDigests.indexOf(path.basename(name, PART));
      // A part with all its bytes was left by a crash before they were checked: nothing could be sent to go on with it.
      const isOfUse = index >= 0 && !(name.endsWith(PART) && size >= chunkLength(manifest.bytes, index));
      if (isOfUse) sizes.set(name, size);
      else await rm(file, { force: true });
      if (isOfUse) quota.take(size);
    }
    quota.isCounted = true;
    return [...new Set(manifest.chunkDigests)]
      .filter((digest) => !sizes.has(digest))
      .map((digest) => ({ digest, offset: sizes.get(digest + PART) ?? 0 }));
  }

  /**
   * A writer for the pieces of one chunk from `offset` on; another one of the same chunk is cut off.
   *
   * Errors   CHUNK_NOT_AVAILABLE when the manifest has no such chunk; UPDATE_INCOMPLETE when the upload was offered anew since, or
   *          the chunk is there; those of ChunkWriter.
   */
  async writer(key: UploadKey, manifest: Manifest, digest: string, offset: number): Promise<ChunkWriter> {
    const index = manifest.chunkDigests.indexOf(digest);
    if (index < 0) throw new ConsiliumError('CHUNK_NOT_AVAILABLE', { digest });
    const wholeFile = this.fileOf(key, digest);
    const partFile = wholeFile + PART;
    const before = this.openings.get(partFile);
    const opening = (async () => {
      await before?.catch(() => undefined);
      await this.abandon(partFile);
      const quota = await this.quotaOf(key, manifest);
      const length = chunkLength(manifest.bytes, index);
      if (await isThere(wholeFile)) throw new ConsiliumError('UPDATE_INCOMPLETE', { offset, expected: length });
      const writer = await ChunkWriter.open({ partFile, wholeFile, digest, length, quota }, offset);
      this.writers.set(partFile, writer);
      // Whoever replaced the manifest while the file was opened waits for this opening, and cuts it off and drops its file.
      return writer;
    })();
    this.openings.set(partFile, opening);
    try {
      return await opening;
    } finally {
      if (this.openings.get(partFile) === opening) this.openings.delete(partFile);
    }
  }

  /** A whole chunk. Errors  UPDATE_INCOMPLETE. */
  async read(key: UploadKey, digest: string): Promise<Uint8Array> {
    try {
      return await readFile(this.fileOf(key, digest));
    } catch (error) {
      throw isMissing(error) ? new ConsiliumError('UPDATE_INCOMPLETE', { digest }, error) : error;
    }
  }

  fileOf(key: UploadKey, digest: string): string {
    return path.join(this.folderOf(key), digest);
  }

  /** Drops one site's upload. */
  async drop(key: UploadKey): Promise<void> {
    this.quotas.delete(this.folderOf(key));
    await this.cutOff(this.folderOf(key));
    await rm(this.folderOf(key), { recursive: true, force: true });
  }

  /** Drops all uploads of a round that takes no more. */
  async dropRound(runId: string, round: number): Promise<void> {
    const folder = path.join(this.folder, runId, String(round));
    for (const place of [...this.quotas.keys()]) if (isIn(place, folder)) this.quotas.delete(place);
    await this.cutOff(folder);
    // A stream that was just cut off may still put its chunk's file there.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Drops the uploads of all rounds that take no more: a crash may have come before they were dropped. */
  async sweep(takesUploads: (runId: string, round: number) => boolean): Promise<void> {
    for (const runId of await namesIn(this.folder))
      for (const round of await namesIn(path.join(this.folder, runId)))
        if (!takesUploads(runId, Number(round))) await this.dropRound(runId, Number(round));
  }

  /** The quota of the manifest in force. After a restart it is the one that the caller has read, with what lies on the disk. */
  private async quotaOf(key: UploadKey, manifest: Manifest): Promise<UploadQuota> {
    const folder = this.folderOf(key);
    if (!this.quotas.has(folder)) {
      const counted = new UploadQuota(manifest);
      for (const name of await namesIn(folder)) counted.take((await stat(path.join(folder, name))).size);
      counted.isCounted = true;
      if (!this.quotas.has(folder)) this.quotas.set(folder, counted);
    }
    const quota = this.quotas.get(folder)!;
    if (!quota.isCounted || quota.manifestDigest !== manifestDigest(manifest)) throw replaced();
    return quota;
  }

  private async cutOff(folder: string): Promise<void> {
    await Promise.allSettled([...this.openings].filter(([file]) => isIn(file, folder)).map(([, opening]) => opening));
    await this.abandon(folder);
  }

  private async abandon(place: string): Promise<void> {
    for (const [file, writer] of this.writers) {
      if (!isIn(file, place)) continue;
      this.writers.delete(file);
      await writer.abandon();
    }
  }

  private folderOf(key: UploadKey): string {
    return path.join(this.folder, key.runId, String(key.round), key.siteId);
  }
}

function replaced(): ConsiliumError {
  return new ConsiliumError('UPDATE_INCOMPLETE', { reason: 'the upload was offered anew' });
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isIn(file: string, place: string): boolean {
  return file === place || file.startsWith(place + path.sep);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
