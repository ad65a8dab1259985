import { CHUNK_BYTES, type Layout, layoutLength, payloadBytes } from '@consilium/tensors';
import { aggregateModel } from './aggregate-model.js';
import { groupsOf } from './site-order.js';
import type { AcceptedUpdate, AggregationStrategy, WeightBounds } from './strategy.js';

/** An update whose delta is at hand; for tests only. */
export interface Delivered extends AcceptedUpdate {
  readonly delta: Float32Array;
}

export function from(siteId: string, exampleCount: number, delta: ArrayLike<number>): Delivered {
  const values = Float32Array.from(delta);
  // A delta that is not finite is found out by its values; the norm of one that was measured is always a number.
  const deltaNorm = Math.hypot(...values.subarray(0, 100).map((value) => (Number.isFinite(value) ? value : 0)));
  return { siteId, exampleCount, deltaNorm, delta: values };
}

/** Every site weighs what its examples do, and no delta is too long. */
export const UNBOUNDED: WeightBounds = { maximumShare: 1, clipToMedianNorm: null };

/** A layout of shared blocks, or of what `scopes` says. */
export function layoutOf(lengths: readonly number[], scopes: readonly Layout[number]['scope'][] = []): Layout {
  return lengths.map((length, i) => ({
    name: `block${i}`,
    shape: [length],
    dtype: 'float32',
    role: 'weight',
    trainable: true,
    scope: scopes[i] ?? 'shared',
  }));
}

/**
 * One round through the real host: the models it makes, by the site they belong to ('' for the model of all). Reads fill
 * the buffers they are given, as a frugal host does.
 */
export async function aggregateInMemory(
  strategy: AggregationStrategy,
  global: Float32Array,
  arrived: readonly Delivered[],
  layout: Layout = layoutOf([global.length]),
  bounds: WeightBounds = UNBOUNDED,
): Promise<Map<string, Float32Array>> {
  const models = new Map<string, Float32Array>();
  const read = async (values: Float32Array, chunk: number, into: Uint8Array) => {
    const bytes = payloadBytes(values).subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
    if (bytes.length !== into.length) return bytes;
    into.set(bytes);
    return into;
  };
  for (const group of groupsOf(strategy, arrived)) {
    const next = new Float32Array(layoutLength(layout));
    await aggregateModel({
      strategy,
      layout,
      round: 1,
      updates: group.updates,
      bounds,
      readChunk: (update, chunk, into) => read(update.delta, chunk, into),
      readGlobal: (chunk, into) => read(global, chunk, into),
      writeChunk: async (chunk, bytes) => payloadBytes(next).set(bytes, chunk * CHUNK_BYTES),
    });
    models.set(group.siteId ?? '', next);
  }
  return models;
}
