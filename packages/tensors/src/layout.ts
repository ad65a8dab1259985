import { createHash } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';

/** What a block of weights is for: aggregation, personalisation and privacy treat them differently. */
export type Role = 'weight' | 'norm' | 'running-statistic';
/** Whether a block leaves the site. Aggregation touches `shared` only. */
export type Scope = 'shared' | 'site';

/** One named block of weights. Its values are `product(shape)` float32 numbers, row-major. */
export interface LayoutEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32';
  readonly role: Role;
  readonly trainable: boolean;
  readonly scope: Scope;
}

/** All blocks of a model in the order in which their values follow one another in the payload. */
export type Layout = readonly LayoutEntry[];

export const BYTES_PER_VALUE = 4;

/** Number of values of one block. */
export function entryLength(entry: Pick<LayoutEntry, 'shape'>): number {
  return entry.shape.reduce((n, d) => n * d, 1);
}

/** Number of values of the whole model. */
export function layoutLength(layout: Layout): number {
  return layout.reduce((n, e) => n + entryLength(e), 0);
}

/** SHA-256 of the layout's canonical JSON (RFC 8785), lower-case hex. */
export function layoutDigest(layout: Layout): string {
  return sha256Hex(canonicalize(layout) as string);
}

/** Errors  LAYOUT_INVALID on a repeated name, an empty layout, or a dimension that is not a positive integer. */
export function requireValidLayout(layout: Layout): void {
  if (layout.length === 0) throw new ConsiliumError('LAYOUT_INVALID', { reason: 'empty' });
  const names = new Set<string>();
  for (const e of layout) {
    if (names.has(e.name)) throw new ConsiliumError('LAYOUT_INVALID', { reason: 'repeated name', parameter: e.name });
    names.add(e.name);
    if (e.shape.some((d) => !Number.isSafeInteger(d) || d < 1))
      throw new ConsiliumError('LAYOUT_INVALID', { reason: 'dimension', parameter: e.name });
  }
}

/** SHA-256, lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
