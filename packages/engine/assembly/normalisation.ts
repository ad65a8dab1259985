// Batch and group normalisation with scale, shift and an optional ReLU. The kernels make one pass over the images; the
// small arithmetic on groups is the caller's, in float64. Items are images. Tables of coefficients have one row of C
// for batch (rowBytes 0), one row per image for group normalisation (rowBytes 4 C).
import { add, floats, get, multiplyAdd, put, sub } from './simd';

/** Pixels that are summed in float32 before they go to float64. */
const RUN: i32 = 32;

/** to [N,C] of {sum of (x - x[n,0,c]), sum of its squares}, float64. */
export function normalisationSums(
  x: usize, to: usize, pixels: i32, c: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), four = floats(c & ~3);
  for (let n = first; n < end; n++) {
    const image = x + <usize>n * <usize>pixels * pixel, out = to + (floats(n * c) << 2);
    memory.fill(out, 0, floats(c) << 2);
    for (let start = 0; start < pixels; start += RUN) {
      const from = image + <usize>start * pixel, last = image + <usize>min(start + RUN, pixels) * pixel;
      for (let q: usize = 0; q < four; q += 16) {
        const origin = get(image + q);
        let s = f32x4.splat(0), t = s, ss = s, tt = s, p = from + q;
        for (; p + pixel < last + q; p += 2 * pixel) {
          const v = sub(get(p), origin), w = sub(get(p + pixel), origin);
          s = add(s, v); ss = multiplyAdd(ss, v, v);
          t = add(t, w); tt = multiplyAdd(tt, w, w);
        }
        if (p < last + q) {
          const v = sub(get(p), origin);
          s = add(s, v); ss = multiplyAdd(ss, v, v);
        }
        addToPairs(out + (q << 2), add(s, t), add(ss, tt));
      }
      for (let q = four; q < pixel; q += 4) {
        const origin = load<f32>(image + q);
        let s: f32 = 0, ss: f32 = 0;
        for (let p = from + q; p < last; p += pixel) {
          const v = load<f32>(p) - origin;
          s += v;
          ss += v * v;
        }
        addToPair(out + (q << 2), s, ss);
      }
    }
  }
}

@inline
function addToPair(to: usize, a: f32, b: f32): void {
  store<f64>(to, load<f64>(to) + <f64>a);
  store<f64>(to, load<f64>(to, 8) + <f64>b, 8);
}

/** Adds four interleaved pairs of sums. */
@inline
function addToPairs(to: usize, a: v128, b: v128): void {
  addToPair(to, f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0));
  addToPair(to + 16, f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1));
  addToPair(to + 32, f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2));
  addToPair(to + 48, f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3));
}

/** y = x * a + b, at least 0 where relu. */
export function normalisationApply(
  x: usize, y: usize, a: usize, b: usize, pixels: i32, c: i32, relu: i32, rowBytes: usize, first: i32, end: i32,
  worker: i32,
): void {
  const pixel = floats(c), four = floats(c & ~3);
  const lowest: f32 = relu ? 0 : -Infinity, lowest4 = f32x4.splat(lowest);
  for (let n = first; n < end; n++) {
    const an = a + <usize>n * rowBytes, bn = b + <usize>n * rowBytes;
    let at = <usize>n * <usize>pixels * pixel;
    for (let p = 0; p < pixels; p++, at += pixel) {
      for (let q: usize = 0; q < four; q += 16) {
        put(y + at + q, f32x4.max(lowest4, multiplyAdd(get(bn + q), get(x + at + q), get(an + q))));
      }
      for (let q = four; q < pixel; q += 4) {
        store<f32>(y + at + q, max<f32>(lowest, load<f32>(x + at + q) * load<f32>(an + q) + load<f32>(bn + q)));
      }
    }
  }
}

/** With d = dy where x * a + b passes the ReLU: to [N,C] of {sum of d, sum of d * (x - mean)}, float64. */
export function normalisationGradientSums(
  dy: usize, x: usize, a: usize, b: usize, mean: usize, to: usize, pixels: i32, c: i32, relu: i32, rowBytes: usize,
  first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), four = floats(c & ~3);
  const lowest: f32 = relu ? 0 : -Infinity, lowest4 = f32x4.splat(lowest);
  for (let n = first; n < end; n++) {
    const row = <usize>n * rowBytes, image = <usize>n * <usize>pixels * pixel, out = to + (floats(n * c) << 2);
    memory.fill(out, 0, floats(c) << 2);
    for (let start = 0; start < pixels; start += RUN) {
      const from = image + <usize>start * pixel, last = image + <usize>min(start + RUN, pixels) * pixel;
      for (let q: usize = 0; q < four; q += 16) {
        const av = get(a + row + q), bv = get(b + row + q), m = get(mean + row + q);
        let s = f32x4.splat(0), t = s, sx = s, tx = s, i = from + q;
        for (; i + pixel < last + q; i += 2 * pixel) {
          const v = get(x + i), w = get(x + i + pixel);
          const d = v128.and(get(dy + i), f32x4.gt(multiplyAdd(bv, v, av), lowest4));
          const e = v128.and(get(dy + i + pixel), f32x4.gt(multiplyAdd(bv, w, av), lowest4));
          s = add(s, d); sx = multiplyAdd(sx, d, sub(v, m));
          t = add(t, e); tx = multiplyAdd(tx, e, sub(w, m));
        }
        if (i < last + q) {
          const v = get(x + i), d = v128.and(get(dy + i), f32x4.gt(multiplyAdd(bv, v, av), lowest4));
          s = add(s, d); sx = multiplyAdd(sx, d, sub(v, m));
        }
        addToPairs(out + (q << 2), add(s, t), add(sx, tx));
      }
      for (let q = four; q < pixel; q += 4) {
        const av = load<f32>(a + row + q), bv = load<f32>(b + row + q), m = load<f32>(mean + row + q);
        let s: f32 = 0, sx: f32 = 0;
        for (let i = from + q; i < last; i += pixel) {
          const v = load<f32>(x + i), d: f32 = v * av + bv > lowest ? load<f32>(dy + i) : 0;
          s += d;
          sx += d * (v - m);
        }
        addToPair(out + (q << 2), s, sx);
      }
    }
  }
}

/** dx = d * a + x * p + r, with d as above. */
export function normalisationGradientApply(
  dy: usize, x: usize, a: usize, b: usize, p: usize, r: usize, dx: usize, pixels: i32, c: i32, relu: i32,
  rowBytes: usize, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), four = floats(c & ~3);
  const lowest: f32 = relu ? 0 : -Infinity, lowest4 = f32x4.splat(lowest);
  for (let n = first; n < end; n++) {
    const row = <usize>n * rowBytes;
    let at = <usize>n * <usize>pixels * pixel;
    for (let k = 0; k < pixels; k++, at += pixel) {
      for (let q: usize = 0; q < four; q += 16) {
        const i = at + q, j = row + q, v = get(x + i), av = get(a + j);
        const d = v128.and(get(dy + i), f32x4.gt(multiplyAdd(get(b + j), v, av), lowest4));
        put(dx + i, multiplyAdd(multiplyAdd(get(r + j), v, get(p + j)), d, av));
      }
      for (let q = four; q < pixel; q += 4) {
        const i = at + q, j = row + q, v = load<f32>(x + i), av = load<f32>(a + j);
        const d: f32 = v * av + load<f32>(b + j) > lowest ? load<f32>(dy + i) : 0;
        store<f32>(dx + i, d * av + v * load<f32>(p + j) + load<f32>(r + j));
      }
    }
  }
}
