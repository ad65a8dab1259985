// Matrix products in register tiles of 6x8 or 4x8 sums: 12 + 2 + 1 of the 15 vector registers that V8 hands out.
import { floats, get, multiplyAdd, put } from './simd';

/**
 * to[i][0..8] (+)= sum over n of a(i, n) * b[n][0..8], i = 0..5 (six) or 0..3.
 * a(i, n) is a[n][i] when `transposed`, else a[i][n]; rows of a are `aStep` bytes apart.
 */
@inline
function tile(
  six: bool, transposed: bool, a: usize, aStep: usize, b: usize, bStep: usize, to: usize, toStep: usize, n: i32,
  accumulate: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  const to1 = to + toStep, to2 = to + 2 * toStep, to3 = to + 3 * toStep, to4 = to + 4 * toStep, to5 = to + 5 * toStep;
  if (accumulate) {
    s00 = get(to); s01 = v128.load(to, 16);
    s10 = get(to1); s11 = v128.load(to1, 16);
    s20 = get(to2); s21 = v128.load(to2, 16);
    s30 = get(to3); s31 = v128.load(to3, 16);
    if (six) {
      s40 = get(to4); s41 = v128.load(to4, 16);
      s50 = get(to5); s51 = v128.load(to5, 16);
    }
  }
  const a2 = aStep << 1, a3 = aStep * 3, a4 = aStep << 2, a5 = aStep * 5;
  for (; n > 0; n--) {
    const b0 = get(b), b1 = v128.load(b, 16);
    b += bStep;
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(s00, x, b0); s01 = multiplyAdd(s01, x, b1);
    x = transposed ? v128.load32_splat(a, 4) : v128.load32_splat(a + aStep);
    s10 = multiplyAdd(s10, x, b0); s11 = multiplyAdd(s11, x, b1);
    x = transposed ? v128.load32_splat(a, 8) : v128.load32_splat(a + a2);
    s20 = multiplyAdd(s20, x, b0); s21 = multiplyAdd(s21, x, b1);
    x = transposed ? v128.load32_splat(a, 12) : v128.load32_splat(a + a3);
    s30 = multiplyAdd(s30, x, b0); s31 = multiplyAdd(s31, x, b1);
    if (six) {
      x = transposed ? v128.load32_splat(a, 16) : v128.load32_splat(a + a4);
      s40 = multiplyAdd(s40, x, b0); s41 = multiplyAdd(s41, x, b1);
      x = transposed ? v128.load32_splat(a, 20) : v128.load32_splat(a + a5);
      s50 = multiplyAdd(s50, x, b0); s51 = multiplyAdd(s51, x, b1);
    }
    a += transposed ? aStep : 4;
  }
  put(to, s00); v128.store(to, s01, 16);
  put(to1, s10); v128.store(to1, s11, 16);
  put(to2, s20); v128.store(to2, s21, 16);
  put(to3, s30); v128.store(to3, s31, 16);
  if (six) {
    put(to4, s40); v128.store(to4, s41, 16);
    put(to5, s50); v128.store(to5, s51, 16);
  }
}

function rows6(a: usize, aStep: usize, b: usize, to: usize, toStep: usize, n: i32, accumulate: bool): void {
  tile(true, false, a, aStep, b, 32, to, toStep, n, accumulate);
}

function rows4(a: usize, aStep: usize, b: usize, to: usize, toStep: usize, n: i32, accumulate: bool): void {
  tile(false, false, a, aStep, b, 32, to, toStep, n, accumulate);
}

function columns6(
  a: usize, aStep: usize, b: usize, bStep: usize, to: usize, toStep: usize, n: i32, accumulate: bool,
): void {
  tile(true, true, a, aStep, b, bStep, to, toStep, n, accumulate);
}

function columns4(
  a: usize, aStep: usize, b: usize, bStep: usize, to: usize, toStep: usize, n: i32, accumulate: bool,
): void {
  tile(false, true, a, aStep, b, bStep, to, toStep, n, accumulate);
}

/** How much of a count, at least 4, is done in sixes: of an even one so much that the rest is a multiple of 4. */
@inline
export function doneInSixes(count: i32): i32 {
  return (count % 6 == 2 ? count / 6 - 1 : count / 6) * 6;
}

/**
 * to[rows][columns] (+)= a[rows][depth] . b, b packed in panels [columns / 8][depth][8]; depth % 4 == 0, columns % 8 == 0.
 * Rows are rounded up to an even count, at least 4: what lies behind the last one is written and never read.
 */
export function product(
  a: usize, b: usize, to: usize, rows: i32, depth: i32, columns: i32, accumulate: bool,
): void {
  const count = max(4, (rows + 1) & ~1);
  const sixes = doneInSixes(count);
  const aStep = floats(depth), toStep = floats(columns);
  for (let k = 0; k < columns; k += 8, b += floats(depth) << 3) {
    let i = 0, from = a, out = to + floats(k);
    for (; i < sixes; i += 6, from += 6 * aStep, out += 6 * toStep) {
      rows6(from, aStep, b, out, toStep, depth, accumulate);
    }
    for (; i < count; i += 4, from += 4 * aStep, out += 4 * toStep) {
      rows4(from, aStep, b, out, toStep, depth, accumulate);
    }
  }
}

/** to[depth][columns] (+)= a[rows][depth]^T . b[rows][columns]; depth % 4 == 0, columns % 8 == 0. */
export function transposedProduct(
  a: usize, b: usize, to: usize, rows: i32, depth: i32, columns: i32, accumulate: bool,
): void {
  const sixes = doneInSixes(depth);
  const aStep = floats(depth), toStep = floats(columns);
  for (let k = 0; k < columns; k += 8, b += 32, to += 32) {
    let i = 0, from = a, out = to;
    for (; i < sixes; i += 6, from += 24, out += 6 * toStep) {
      columns6(from, aStep, b, toStep, out, toStep, rows, accumulate);
    }
    for (; i < depth; i += 4, from += 16, out += 4 * toStep) {
      columns4(from, aStep, b, toStep, out, toStep, rows, accumulate);
    }
  }
}
