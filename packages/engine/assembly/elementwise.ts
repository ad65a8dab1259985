// Element by element, on all threads. Items are blocks of 16 KiB, but for `addRow`.
import { add, floats, get, put } from './simd';

const BLOCK_SHIFT: usize = 14;

/** to = a + b */
export function addArrays(a: usize, b: usize, to: usize, bytes: usize, first: i32, end: i32, worker: i32): void {
  const last = min((<usize>end) << BLOCK_SHIFT, bytes);
  let i = (<usize>first) << BLOCK_SHIFT;
  for (; i + 16 <= last; i += 16) put(to + i, add(get(a + i), get(b + i)));
  for (; i < last; i += 4) store<f32>(to + i, load<f32>(a + i) + load<f32>(b + i));
}

/** to = a * b */
export function multiplyArrays(a: usize, b: usize, to: usize, bytes: usize, first: i32, end: i32, worker: i32): void {
  const last = min((<usize>end) << BLOCK_SHIFT, bytes);
  let i = (<usize>first) << BLOCK_SHIFT;
  for (; i + 16 <= last; i += 16) put(to + i, f32x4.mul(get(a + i), get(b + i)));
  for (; i < last; i += 4) store<f32>(to + i, load<f32>(a + i) * load<f32>(b + i));
}

/** to [rows, columns] = a [rows, columns] + row [columns]; items are rows. */
export function addRow(a: usize, row: usize, to: usize, columns: i32, first: i32, end: i32, worker: i32): void {
  const bytes = floats(columns);
  let at = <usize>first * bytes;
  for (let r = first; r < end; r++, at += bytes) {
    let q: usize = 0;
    for (; q + 16 <= bytes; q += 16) put(to + at + q, add(get(a + at + q), get(row + q)));
    for (; q < bytes; q += 4) store<f32>(to + at + q, load<f32>(a + at + q) + load<f32>(row + q));
  }
}

/** to = x where it is positive, else 0. */
export function relu(x: usize, to: usize, bytes: usize, first: i32, end: i32, worker: i32): void {
  const last = min((<usize>end) << BLOCK_SHIFT, bytes), zero = f32x4.splat(0);
  let i = (<usize>first) << BLOCK_SHIFT;
  for (; i + 16 <= last; i += 16) put(to + i, f32x4.max(zero, get(x + i)));
  for (; i < last; i += 4) store<f32>(to + i, max<f32>(0, load<f32>(x + i)));
}

/** to = dy where x is positive, else 0. */
export function reluGradient(x: usize, dy: usize, to: usize, bytes: usize, first: i32, end: i32, worker: i32): void {
  const last = min((<usize>end) << BLOCK_SHIFT, bytes), zero = f32x4.splat(0);
  let i = (<usize>first) << BLOCK_SHIFT;
  for (; i + 16 <= last; i += 16) put(to + i, v128.and(get(dy + i), f32x4.gt(get(x + i), zero)));
  for (; i < last; i += 4) store<f32>(to + i, load<f32>(x + i) > 0 ? load<f32>(dy + i) : 0);
}
