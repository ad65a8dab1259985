import { BYTES_PER_VALUE, CHUNK_BYTES, type Layout } from '@consilium/tensors';
import { siteRanges, type ValueRange } from './site-scope.js';

/**
 * The L2 norm of what a delta can move: its shared values. Those that stay at the site are not summed, so they count for nothing.
 *
 * Shapes   chunks in payload order, `chunk` from 0.
 * Numbers  float64, which holds any sum of squares of finite float32 values.
 */
export class DeltaNorm {
  private readonly kept: readonly ValueRange[];
  private squares = 0;

  constructor(layout: Layout) {
    this.kept = siteRanges(layout);
  }

  add(chunk: number, values: Float32Array): void {
    const offset = (chunk * CHUNK_BYTES) / BYTES_PER_VALUE;
    let at = 0;
    for (const { start, end } of this.kept) {
      this.addRange(values, at, Math.min(start - offset, values.length));
      at = Math.max(at, end - offset);
    }
    this.addRange(values, at, values.length);
  }

  /** NaN or infinite when a value is. */
  get norm(): number {
    return Math.sqrt(this.squares);
  }

  private addRange(values: Float32Array, start: number, end: number): void {
    for (let j = start; j < end; j++) this.squares += values[j]! * values[j]!;
  }
}
