import { type Layout, layoutDigest, type Manifest, sha256Hex } from '@consilium/tensors';
import type { ChunkStore } from '../chunks/chunk-store.js';

/** Stores weights chunk by chunk, in order, and ends with their manifest. */
export class WeightWriter {
  private readonly digests: string[] = [];
  private bytes = 0;

  constructor(private readonly store: ChunkStore) {}

  async write(chunk: Uint8Array): Promise<void> {
    const digest = sha256Hex(chunk);
    await this.store.put(digest, chunk);
    this.digests.push(digest);
    this.bytes += chunk.byteLength;
  }

  manifest(layout: Layout): Manifest {
    return { layoutDigest: layoutDigest(layout), bytes: this.bytes, chunkDigests: this.digests };
  }
}
