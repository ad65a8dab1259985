import { AsyncLocalStorage } from 'node:async_hooks';
import { ConsiliumError } from '@consilium/errors';

/**
 * Keeps writers and the collector of chunks apart. A writer pins a chunk before it looks whether it is there already; the
 * collector claims one before it asks whether anything names it. Whoever comes second waits or leaves it alone.
 */
export class ChunkPins {
  /** Writers of each chunk. */
  private readonly pinned = new Map<string, number>();
  private readonly claims = new Map<string, Promise<void>>();
  private readonly writer = new AsyncLocalStorage<Set<string>>();

  /** What is pinned inside of `work` stays pinned until it is over. */
  async keeping<T>(work: () => Promise<T>): Promise<T> {
    const mine = new Set<string>();
    try {
      return await this.writer.run(mine, work);
    } finally {
      for (const digest of mine) this.change(digest, -1);
    }
  }

  /** Waits for a deletion of the same chunk that is under way. Errors  INTERNAL outside of `keeping`. */
  async pin(digest: string): Promise<void> {
    const mine = this.writer.getStore();
    if (mine === undefined) throw new ConsiliumError('INTERNAL', { reason: 'a chunk that nothing keeps' });
    if (!mine.has(digest)) {
      mine.add(digest);
      this.change(digest, 1);
    }
    await this.claims.get(digest);
  }

  /** Claims those that nobody has pinned. A writer that pins one of them from now on waits for `release`. */
  claim(digests: readonly string[]): { claimed: readonly string[]; busy: readonly string[]; release: () => void } {
    const isBusy = (digest: string) => this.pinned.has(digest) || this.claims.has(digest);
    const claimed = [...new Set(digests)].filter((digest) => !isBusy(digest));
    const busy = digests.filter(isBusy);
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const digest of claimed) this.claims.set(digest, promise);
    const release = () => {
      for (const digest of claimed) this.claims.delete(digest);
      resolve();
    };
    return { claimed, busy, release };
  }

  private change(digest: string, by: 1 | -1): void {
    const count = (this.pinned.get(digest) ?? 0) + by;
    if (count === 0) this.pinned.delete(digest);
    else this.pinned.set(digest, count);
  }
}
