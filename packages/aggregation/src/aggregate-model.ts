import { ConsiliumError } from '@consilium/errors';
import {
  areFinite,
  BYTES_PER_VALUE,
  CHUNK_BYTES,
  chunkLength,
  type Layout,
  layoutLength,
  liftVariances,
  payloadBytes,
  payloadValues,
  varianceRanges,
} from '@consilium/tensors';
import { aggregateChunk } from './aggregate-chunk.js';
import { measure } from './measure.js';
import { requireAggregable } from './require-aggregable.js';
import { inSiteOrder } from './site-order.js';
import { restoreRanges, siteRanges } from './site-scope.js';
import type { AcceptedUpdate, AggregationStrategy, Weighing, WeightBounds } from './strategy.js';

/**
 * Everything that touches the disk is passed in. A read fills `into`, which has exactly the chunk's length, and returns it; or it
 * returns bytes of its own, at the price of memory that the collector frees late: with many sites that adds up.
 */
export interface AggregationHost<U extends AcceptedUpdate = AcceptedUpdate> {
  readonly strategy: AggregationStrategy;
  readonly layout: Layout;
  readonly round: number;
  /** The updates of one group (see `groupsOf`), in any order. */
  readonly updates: readonly U[];
  readonly bounds: WeightBounds;
  /** Chunk `chunk` of an update's delta. */
  readChunk(update: U, chunk: number, into: Uint8Array): Promise<Uint8Array>;
  /** The same chunk of the model that the deltas were taken from. */
  readGlobal(chunk: number, into: Uint8Array): Promise<Uint8Array>;
  /** Called once for each chunk in order. The bytes are overwritten after the promise is settled. */
  writeChunk(chunk: number, bytes: Uint8Array): Promise<void>;
  /** The strategy's memory; needed only by strategies with state slots. */
  readonly state?: {
    read(slot: string, chunk: number): Promise<Uint8Array>;
    write(slot: string, chunk: number, bytes: Uint8Array): Promise<void>;
  };
}

export interface AggregationOutcome {
  readonly chunks: number;
  /** False when the candidate holds NaN or infinity; the round then rejects it. */
  readonly isFinite: boolean;
  /** What each update counted for, in site-id order. */
  readonly weighings: readonly Weighing[];
}

/**
 * Makes a candidate from a group of updates, one chunk of one update at a time: memory does not grow with the number of sites.
 * Blocks that stay at the site (`scope: 'site'`) come out as they are in the global model; a running variance is never below zero.
 *
 * Numbers  the same bytes for the same updates, in whatever order they are given.
 * Errors   those of `requireAggregable`, before a chunk is read; UPDATE_LAYOUT_MISMATCH, UPDATE_NOT_FINITE (detail: site, chunk).
 */
export async function aggregateModel<U extends AcceptedUpdate>(host: AggregationHost<U>): Promise<AggregationOutcome> {
  const { strategy, layout, bounds } = host;
  requireAggregable(host.updates, bounds);
  const updates = inSiteOrder(host.updates);
  const bytes = layoutLength(layout) * BYTES_PER_VALUE;
  const chunks = Math.ceil(bytes / CHUNK_BYTES);
  const kept = siteRanges(layout);
  const variances = varianceRanges(layout);

  const [globalBuffer, deltaBuffer] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  const sum = new Float64Array(CHUNK_BYTES / BYTES_PER_VALUE);
  const next32 = new Float32Array(CHUNK_BYTES / BYTES_PER_VALUE);
  const readDelta = async (k: number, chunk: number) => {
    const into = deltaBuffer.subarray(0, chunkLength(bytes, chunk));
    return valuesOf(await host.readChunk(updates[k]!, chunk, into), into.length, chunk);
  };
  const measured = await measure(strategy.needs, updates.length, chunks, readDelta);
  const weighings = strategy.weigh(updates, bounds, measured);
  const weights = Float64Array.from(weighings, ({ weight }) => weight);

  let finite = true;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const length = chunkLength(bytes, chunk);
    const global = valuesOf(await host.readGlobal(chunk, globalBuffer.subarray(0, length)), length, chunk);
    const state = await readState(host, length, chunk);
    const next = await aggregateChunk(
      strategy,
      weights,
      (k) => readDelta(k, chunk),
      { global, state, round: host.round, into: next32.subarray(0, global.length) },
      sum.subarray(0, global.length),
    ).catch((error) => Promise.reject(naming(error, updates, chunk)));
    restoreRanges(next.global, global, kept, (chunk * CHUNK_BYTES) / BYTES_PER_VALUE);
    liftVariances(variances, next.global, (chunk * CHUNK_BYTES) / BYTES_PER_VALUE);
    finite &&= areFinite(next.global);
    await host.writeChunk(chunk, payloadBytes(next.global));
    for (const [s, slot] of strategy.stateSlots.entries())
      await host.state?.write(slot, chunk, payloadBytes(next.state[s]!));
  }
  return { chunks, isFinite: finite, weighings };
}

async function readState<U extends AcceptedUpdate>(host: AggregationHost<U>, length: number, chunk: number) {
  const state: Float32Array[] = [];
  for (const slot of host.strategy.stateSlots) {
    if (host.state === undefined) throw new ConsiliumError('INTERNAL', { slot });
    // A copy: the next slot's read may reuse the bytes.
    state.push(valuesOf(await host.state.read(slot, chunk), length, chunk).slice());
  }
  return state;
}

/** The values of chunk `chunk`, which must have exactly `expected` bytes. */
function valuesOf(chunkBytes: Uint8Array, expected: number, chunk: number): Float32Array {
  if (chunkBytes.byteLength !== expected)
    throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { chunk, expected, got: chunkBytes.byteLength });
  return payloadValues(chunkBytes);
}

/** The same error with the site's name: the host thinks in sites, not in indices. */
function naming(error: unknown, updates: readonly AcceptedUpdate[], chunk: number): unknown {
  if (!(error instanceof ConsiliumError)) return error;
  const update = error.detail.update;
  const site = typeof update === 'number' ? { site: updates[update]!.siteId } : {};
  return new ConsiliumError(error.code, { ...error.detail, ...site, chunk }, error);
}
