// Sums in float64: a float32 sum of 20 million ones stops at 2^24.
import { floats, get } from './simd';

/**
 * x [outer, rows, inner] -> to [outer, blocks, inner] in float64: block b of an outer index sums its rows
 * [b * blockRows, (b + 1) * blockRows). Items are outer * blocks.
 */
export function sumBlocks(
  x: usize, to: usize, rows: i32, inner: i32, blocks: i32, blockRows: i32, first: i32, end: i32, worker: i32,
): void {
  const step = floats(inner);
  for (let item = first; item < end; item++) {
    const start = (item % blocks) * blockRows, count = min(blockRows, rows - start);
    const from = x + (<usize>(item / blocks) * <usize>rows + <usize>start) * step;
    const out = to + <usize>item * (step << 1);
    if (inner == 1) store<f64>(out, sumRun(from, count));
    else sumColumns(from, out, count, inner);
  }
}

/** Four running sums: element i goes to sum i % 4. */
function sumRun(from: usize, count: i32): f64 {
  let low = f64x2.splat(0), high = low, i = 0;
  for (; i + 4 <= count; i += 4) {
    const v = get(from + floats(i));
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3)));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < count; i++) sum += <f64>load<f32>(from + floats(i));
  return sum;
}

function sumColumns(from: usize, out: usize, count: i32, inner: i32): void {
  const step = floats(inner);
  let c = 0;
  for (; c + 4 <= inner; c += 4) {
    let low = f64x2.splat(0), high = low, p = from + floats(c);
    for (let r = 0; r < count; r++, p += step) {
      const v = get(p);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3)));
    }
    const at = out + (floats(c) << 1);
    v128.store(at, low);
    v128.store(at, high, 16);
  }
  for (; c < inner; c++) {
    let sum: f64 = 0;
    for (let r = 0; r < count; r++) sum += <f64>load<f32>(from + floats(r * inner + c));
    store<f64>(out + (floats(c) << 1), sum);
  }
}
