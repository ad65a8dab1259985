import { get } from './simd';

/**
 * Sums of squares in float64 of pieces of many tensors. table: {address, elements} of each piece, 8 bytes; to: one f64
 * each. Items are pieces.
 */
export function sumSquares(table: usize, to: usize, first: i32, end: i32, worker: i32): void {
  for (let item = first; item < end; item++) {
    const entry = table + ((<usize>item) << 3);
    const from = <usize>load<u32>(entry), bytes = (<usize>load<u32>(entry, 4)) << 2;
    let low = f64x2.splat(0), high = low;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = get(from + i);
      const a = f64x2.promote_low_f32x4(v), b = f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    const both = f64x2.add(low, high);
    let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; i < bytes; i += 4) {
      const x = <f64>load<f32>(from + i);
      sum += x * x;
    }
    store<f64>(to + ((<usize>item) << 3), sum);
  }
}
