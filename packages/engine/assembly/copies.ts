import { get, put } from './simd';

/** Rows of `bytes` (a multiple of 4) between tables whose rows are `step` and `toStep` bytes apart; items are rows. */
export function copyRows(
  from: usize, step: usize, to: usize, toStep: usize, bytes: usize, first: i32, end: i32, worker: i32,
): void {
  from += <usize>first * step;
  to += <usize>first * toStep;
  for (let row = first; row < end; row++, from += step, to += toStep) {
    let q: usize = 0;
    for (; q + 16 <= bytes; q += 16) put(to + q, get(from + q));
    for (; q < bytes; q += 4) store<f32>(to + q, load<f32>(from + q));
  }
}
