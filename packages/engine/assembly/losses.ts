// Sigmoid cross-entropy and soft Dice of logits z [N, pixels, S] and masks y. Elements lie in vectors of four; lane q of
// `period` = lcm(S, 4) lanes belongs to structure q % S. Items are blocks of `block` elements (a multiple of the period)
// of one image; sums are float64.
import { add, addScaled, floats, get, multiplyAdd, put, scaled, sub } from './simd';

/** Below this exp is zero: a logit so far from zero is sure. */
const LOWEST: f32 = -87;

/** exp(x) for x <= 0, to one unit in the last place. Source: Cephes, expf. */
@inline
function exponential(x: v128): v128 {
  const n = f32x4.nearest(scaled(x, 1.44269504088896341));
  const r = addScaled(addScaled(x, n, -0.693359375), n, 2.12194440e-4);
  let p = addScaled(f32x4.splat(1.3981999507e-3), r, 1.9875691500e-4);
  p = multiplyAdd(f32x4.splat(8.3334519073e-3), p, r);
  p = multiplyAdd(f32x4.splat(4.1665795894e-2), p, r);
  p = multiplyAdd(f32x4.splat(1.6666665459e-1), p, r);
  p = multiplyAdd(f32x4.splat(5.0000001201e-1), p, r);
  const value = add(multiplyAdd(r, p, f32x4.mul(r, r)), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(value, power), f32x4.ge(x, f32x4.splat(LOWEST)));
}

/** log(1 + e) for 0 <= e <= 1: 2 artanh(e / (2 + e)). */
@inline
function logarithmOfOneAnd(e: v128): v128 {
  const s = f32x4.div(e, add(e, f32x4.splat(2))), t = f32x4.mul(s, s);
  let p = addScaled(f32x4.splat(1.0 / 13), t, 1.0 / 15);
  p = multiplyAdd(f32x4.splat(1.0 / 11), p, t);
  p = multiplyAdd(f32x4.splat(1.0 / 9), p, t);
  p = multiplyAdd(f32x4.splat(1.0 / 7), p, t);
  p = multiplyAdd(f32x4.splat(1.0 / 5), p, t);
  p = multiplyAdd(f32x4.splat(1.0 / 3), p, t);
  p = multiplyAdd(f32x4.splat(1), p, t);
  return scaled(f32x4.mul(s, p), 2);
}

/** The sigmoid of z, from e = exp(-|z|). */
@inline
function sigmoid(z: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(v128.bitselect(one, e, f32x4.ge(z, f32x4.splat(0))), add(one, e));
}

/**
 * to [items][4][period] of the sums of: cross-entropy, p y, p, y; p is the sigmoid of z. Every item has 64 spare bytes
 * behind its sums.
 */
export function segmentationSums(
  z: usize, y: usize, to: usize, elements: i32, period: i32, block: i32, first: i32, end: i32, worker: i32,
): void {
  const blocks = (elements + block - 1) / block, table = floats(period) << 1, periodBytes = floats(period);
  for (let item = first; item < end; item++) {
    const start = (item % blocks) * block, count = min(block, elements - start);
    const offset = floats((item / blocks) * elements + start), out = to + <usize>item * ((table << 2) + 64);
    memory.fill(out, 0, table << 2);
    const from = z + offset, masks = y + offset, four = floats(count & ~3);
    let lane: usize = 0;
    for (let i: usize = 0; i < four; i += 16) {
      addElements(get(from + i), get(masks + i), out + (lane << 1), table, 4);
      lane += 16;
      if (lane == periodBytes) lane = 0;
    }
    if (four < floats(count)) {
      const spare = out + (table << 2), left = count & 3;
      memory.fill(spare, 0, 32);
      memory.copy(spare, from + four, floats(left));
      memory.copy(spare + 16, masks + four, floats(left));
      addElements(get(spare), v128.load(spare, 16), out + (lane << 1), table, left);
    }
  }
}

/** Adds the first `count` of four elements to their lanes of the four tables. */
@inline
function addElements(z: v128, y: v128, to: usize, table: usize, count: i32): void {
  const e = exponential(f32x4.neg(f32x4.abs(z))), p = sigmoid(z, e);
  const loss = add(sub(f32x4.max(z, f32x4.splat(0)), f32x4.mul(z, y)), logarithmOfOneAnd(e));
  addLanes(to, loss, count);
  addLanes(to + table, f32x4.mul(p, y), count);
  addLanes(to + 2 * table, p, count);
  addLanes(to + 3 * table, y, count);
}

@inline
function addLanes(to: usize, v: v128, count: i32): void {
  if (count < 4) {
    if (count > 1) store<f64>(to, load<f64>(to, 8) + <f64>f32x4.extract_lane(v, 1), 8);
    if (count > 2) store<f64>(to, load<f64>(to, 16) + <f64>f32x4.extract_lane(v, 2), 16);
    store<f64>(to, load<f64>(to) + <f64>f32x4.extract_lane(v, 0));
    return;
  }
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v)));
  const high = f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
  v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
}

/**
 * dz = a (p - y) + (b y + c) p (1 - p), with tables [N][3][period] of a, b and c.
 */
export function segmentationGradient(
  z: usize, y: usize, tables: usize, dz: usize, elements: i32, period: i32, block: i32, first: i32, end: i32,
  worker: i32,
): void {
  const blocks = (elements + block - 1) / block, periodBytes = floats(period);
  for (let item = first; item < end; item++) {
    const start = (item % blocks) * block, count = min(block, elements - start);
    const offset = floats((item / blocks) * elements + start);
    const a = tables + <usize>(item / blocks) * 3 * periodBytes, b = a + periodBytes, c = b + periodBytes;
    const bytes = floats(count), four = floats(count & ~3), from = z + offset, masks = y + offset, to = dz + offset;
    let lane: usize = 0;
    for (let i: usize = 0; i < four; i += 16) {
      put(to + i, gradientOf(get(from + i), get(masks + i), get(a + lane), get(b + lane), get(c + lane)));
      lane += 16;
      if (lane == periodBytes) lane = 0;
    }
    for (let i = four; i < bytes; i += 4, lane += 4) {
      const av = v128.load32_splat(a + lane), bv = v128.load32_splat(b + lane), cv = v128.load32_splat(c + lane);
      const d = gradientOf(v128.load32_splat(from + i), v128.load32_splat(masks + i), av, bv, cv);
      store<f32>(to + i, f32x4.extract_lane(d, 0));
    }
  }
}

@inline
function gradientOf(z: v128, y: v128, a: v128, b: v128, c: v128): v128 {
  const one = f32x4.splat(1), p = sigmoid(z, exponential(f32x4.neg(f32x4.abs(z))));
  const slope = f32x4.mul(p, sub(one, p));
  return multiplyAdd(f32x4.mul(a, sub(p, y)), multiplyAdd(c, b, y), slope);
}
