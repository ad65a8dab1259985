import { readdirSync, statfsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';

export interface CacheLimits {
  /** Most bytes of all files together; one that work needs now may alone be larger. */
  readonly maximumBytes: number;
  /** What stays free of the disk, whatever the cache would like. */
  readonly freeBytes: number;
}

const GIBIBYTE = 2 ** 30;
export const DEFAULT_CACHE_GIBIBYTES = { maximum: 64, free: 1 };
export const DEFAULT_CACHE_LIMITS = limitsOf(DEFAULT_CACHE_GIBIBYTES);

export function limitsOf({ maximum, free }: { readonly maximum: number; readonly free: number }): CacheLimits {
  return { maximumBytes: maximum * GIBIBYTE, freeBytes: free * GIBIBYTE };
}

interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

export interface CacheUsage {
  readonly bytes: number;
  /** Of the disk, for this user. */
  readonly freeBytes: number;
}

export function cacheUsage(root: string): CacheUsage {
  return { bytes: total(filesIn(root)), freeBytes: freeOf(root) };
}

/**
 * Deletes the files that were used longest ago until so many bytes more fit into the limits; never one of `inUse`.
 *
 * Errors   DISK_FULL when even that leaves less of the disk free than is to stay free.
 */
export async function makeRoom(
  root: string,
  neededBytes: number,
  inUse: ReadonlySet<string>,
  { maximumBytes, freeBytes }: CacheLimits,
): Promise<void> {
  const files = filesIn(root);
  const old = files.filter(({ path }) => !inUse.has(path)).sort((a, b) => a.usedAt - b.usedAt);
  let bytes = total(files);
  const isTight = () => bytes + neededBytes > maximumBytes || freeOf(root) - neededBytes < freeBytes;
  while (isTight()) {
    const oldest = old.shift();
    if (oldest === undefined) break;
    await rm(oldest.path, { force: true });
    bytes -= oldest.bytes;
  }
  const free = freeOf(root);
  if (neededBytes > 0 && free - neededBytes < freeBytes)
    throw new ConsiliumError('DISK_FULL', {
      problem: `what the model sees needs ${mebibytes(neededBytes)} MiB in tensors/, and ${mebibytes(free)} MiB are free, of which ${mebibytes(freeBytes)} stay free ("tensorCache" in site.json)`,
    });
}

/** Also what an earlier life has left half written. */
function filesIn(root: string): CachedFile[] {
  return readdirSync(root).flatMap((version) =>
    readdirSync(join(root, version)).flatMap((name) => {
      const path = join(root, version, name);
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, bytes: found.size, usedAt: found.mtimeMs }] : [];
    }),
  );
}

function total(files: readonly CachedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function freeOf(root: string): number {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}

export function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
