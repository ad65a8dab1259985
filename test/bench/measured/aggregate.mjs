import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { aggregateModel, strategyNamed } from '@consilium/aggregation';
import { idleBytes, peakBytes } from '../harness/memory.mjs';

/**
 * One aggregation of `sites` updates that share `distinct` folders of chunk files.
 *
 * @param {{ folder: string, sites: number, values: number, distinct: number }} what
 */
export async function aggregateOnce({ folder, sites, values, distinct }) {
  const updates = Array.from({ length: sites }, (_, k) => ({
    siteId: `site-${String(k).padStart(2, '0')}`,
    exampleCount: 100 + k,
    deltaNorm: 1,
    folder: path.join(folder, String(1 + (k % distinct))),
  }));
  const idle = await idleBytes();
  const startedAt = performance.now();
  const outcome = await aggregateModel({
    strategy: strategyNamed('fedavg'),
    layout: [{ name: 'weights', shape: [values], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' }],
    round: 1,
    updates,
    bounds: { maximumShare: 0.5, clipToMedianNorm: 3 },
    readChunk: (update, chunk, into) => readInto(path.join(update.folder, String(chunk)), into),
    readGlobal: (chunk, into) => readInto(path.join(folder, '0', String(chunk)), into),
    writeChunk: (chunk, bytes) => writeFile(path.join(folder, 'next', String(chunk)), bytes),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (!outcome.isFinite) throw new Error('the bench aggregated something that is not finite');
  return { aboveIdleBytes: peakBytes() - idle, seconds };
}

/**
 * Megabytes a second that this machine copies within memory, one core, blocks far beyond its caches.
 *
 * @param {number} bytes
 */
export async function copySpeed(bytes) {
  const from = new Uint8Array(bytes).fill(7);
  const to = new Uint8Array(bytes).fill(1);
  let best = 0;
  for (let run = 0; run < 5; run++) {
    const startedAt = performance.now();
    to.set(from);
    best = Math.max(best, bytes / 1e6 / ((performance.now() - startedAt) / 1000));
  }
  return best;
}

/**
 * @param {string} file
 * @param {Uint8Array} into
 */
async function readInto(file, into) {
  const handle = await open(file);
  const { bytesRead } = await handle.read(into).finally(() => handle.close());
  return into.subarray(0, bytesRead);
}
