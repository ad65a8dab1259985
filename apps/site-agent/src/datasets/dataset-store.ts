import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { sha256Hex } from '@consilium/tensors';
import canonicalize from 'canonicalize';
import { BlobStore } from './blob-store.js';
import type { DatasetIndex } from './dataset-index.js';

const INDEX_FILE = /^([0-9a-f]{64})\.json$/;

/** Dataset versions on disk: an index per version, and pixels that versions share. */
export class DatasetStore {
  readonly blobs: BlobStore;

  constructor(private readonly root: string) {
    this.blobs = new BlobStore(join(root, 'blobs'));
  }

  /** Answers the version. All pixels are on disk before the index that names them. Errors  DISK_FULL. */
  async save(index: DatasetIndex): Promise<string> {
    const bytes = new TextEncoder().encode(canonicalize(index));
    const version = sha256Hex(bytes);
    await this.blobs.sync();
    await writeDurably(this.path(version), [bytes]);
    return version;
  }

  /** Errors  DATASET_NOT_FOUND, DATASET_CORRUPT. */
  async load(version: string): Promise<DatasetIndex> {
    const bytes = await readFile(this.path(version)).catch(() => undefined);
    if (!bytes) throw new ConsiliumError('DATASET_NOT_FOUND', { version });
    if (sha256Hex(bytes) !== version) throw new ConsiliumError('DATASET_CORRUPT', { version });
    return JSON.parse(bytes.toString('utf8')) as DatasetIndex;
  }

  /** Deletes every version that is not in `wanted`, and the pixels that neither a wanted version nor `others` names. */
  async keepOnly(wanted: ReadonlySet<string>, others: Iterable<string> = []): Promise<void> {
    const blobs = new Set(others);
    for (const name of await readdir(this.root)) {
      const version = INDEX_FILE.exec(name)?.[1];
      if (version === undefined) continue;
      if (!wanted.has(version)) await rm(join(this.root, name), { force: true });
      else for (const digest of digestsOf(await this.load(version))) blobs.add(digest);
    }
    await this.blobs.keepOnly(blobs);
  }

  private path(version: string): string {
    if (!/^[0-9a-f]{64}$/.test(version)) throw new ConsiliumError('DATASET_NOT_FOUND');
    return join(this.root, `${version}.json`);
  }
}

function digestsOf(index: DatasetIndex): string[] {
  return index.examples.flatMap(({ image, mask }) => (mask === null ? [image.digest] : [image.digest, mask]));
}
