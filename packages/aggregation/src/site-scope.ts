import { entryLength, type Layout } from '@consilium/tensors';

/** Values `start` to `end` (exclusive) of a payload. */
export interface ValueRange {
  readonly start: number;
  readonly end: number;
}

/** The values that belong to the sites alone, as ranges in payload order; neighbours are joined. */
export function siteRanges(layout: Layout): ValueRange[] {
  const ranges: ValueRange[] = [];
  let start = 0;
  for (const entry of layout) {
    const end = start + entryLength(entry);
    const last = ranges.at(-1);
    if (entry.scope === 'site' && last?.end === start) ranges[ranges.length - 1] = { start: last.start, end };
    else if (entry.scope === 'site') ranges.push({ start, end });
    start = end;
  }
  return ranges;
}

/** Puts back the global model's values in the ranges that aggregation must not touch. `offset` is the chunk's first value. */
export function restoreRanges(next: Float32Array, global: Float32Array, ranges: readonly ValueRange[], offset: number) {
  for (const range of ranges) {
    const start = Math.max(range.start - offset, 0);
    const end = Math.min(range.end - offset, next.length);
    if (start < end) next.set(global.subarray(start, end), start);
  }
}
