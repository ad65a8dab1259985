import { ConsiliumError } from '@consilium/errors';
import { entryLength, type Layout } from './layout.js';

/** Values of a payload that are running variances, from `start` to `end` (exclusive). */
export interface VarianceRange {
  readonly parameter: string;
  readonly start: number;
  readonly end: number;
}

/** Whether a model normalises with running statistics, which must be those of its own weights. */
export function hasRunningStatistics(layout: Layout): boolean {
  return layout.some(({ role }) => role === 'running-statistic');
}

/** Where a model's running variances lie: running statistics whose name ends in `.running-variance`; in payload order. */
export function varianceRanges(layout: Layout): VarianceRange[] {
  const ranges: VarianceRange[] = [];
  let start = 0;
  for (const entry of layout) {
    const end = start + entryLength(entry);
    if (entry.role === 'running-statistic' && entry.name.endsWith('.running-variance'))
      ranges.push({ parameter: entry.name, start, end });
    start = end;
  }
  return ranges;
}

/** Whether values `start` to `end` (exclusive) of a payload hold any of them. */
export function holdsVariances(ranges: readonly VarianceRange[], start: number, end: number): boolean {
  return ranges.some((range) => range.start < end && range.end > start);
}

/**
 * What no data can give never reaches a model's inference: its reciprocal root would be no number, or a sign turned round.
 *
 * Shapes   `values` is the part of a payload that begins at value `offset`.
 * Errors   MODEL_VARIANCE_INVALID, whose detail names the parameter.
 */
export function requireVariances(ranges: readonly VarianceRange[], values: Float32Array, offset = 0): void {
  for (const { parameter, start, end } of ranges)
    for (let i = Math.max(start - offset, 0); i < Math.min(end - offset, values.length); i++)
      if (!(values[i]! >= 0 && values[i]! < Number.POSITIVE_INFINITY))
        throw new ConsiliumError('MODEL_VARIANCE_INVALID', { parameter });
}

/** Sets what rounding has left below zero to zero; the sum of variances with shares that add up to one is none of those otherwise. */
export function liftVariances(ranges: readonly VarianceRange[], values: Float32Array, offset: number): void {
  for (const { start, end } of ranges)
    for (let i = Math.max(start - offset, 0); i < Math.min(end - offset, values.length); i++)
      if (values[i]! < 0) values[i] = 0;
}
