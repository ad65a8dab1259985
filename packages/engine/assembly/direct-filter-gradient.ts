// Filter gradient of the direct convolution as a matrix product: taps by filters, summed over the output pixels.
//   taps       rows of dW [KD * KH * KW * CI], six of them a group: an item
//   dy         as it is, or, for many taps, packed beforehand into panels of 8 filters [CO / 8][pixels][8]
//   a chunk    rows of dy whose part of a group, packed into [pixels][6], stays in L1
import { floats, get, multiplyAdd, put } from './simd';

/** Taps of a group. */
const GROUP: i32 = 6;

/** dy [pixels, CO] -> [CO / 8][pixels][8], zero padded; items are blocks of 256 pixels. */
export function packPixels(dy: usize, to: usize, pixels: i32, co: i32, first: i32, end: i32, worker: i32): void {
  const step = floats(co), last = min(end << 8, pixels);
  for (let pixel = first << 8; pixel < last; pixel++) {
    const from = dy + <usize>pixel * step;
    let out = to + (<usize>pixel << 5);
    for (let k = 0; k < co; k += 8, out += <usize>pixels << 5) {
      if (k + 8 <= co) {
        put(out, get(from + floats(k)));
        v128.store(out, v128.load(from + floats(k), 16), 16);
      } else {
        for (let i = 0; i < 8; i++) store<f32>(out + floats(i), k + i < co ? load<f32>(from + floats(k + i)) : 0);
      }
    }
  }
}

/**
 * to [KD,KH,KW,CI,CO] = gradient, from padded x [N,PD,PH,PW,CI] and dy, rows = N * OD * OH, whose pixels are `dyStep`
 * bytes apart and panels of 8 filters `panelStep`. Items are ceil(KD * KH * KW * CI / 6) groups. `sums` [groups][CO / 8][6][8] is scratch
 * of them all; each worker has chunk * OW * 6 floats of its own.
 */
export function directFilterGradient(
  x: usize, dy: usize, dyStep: usize, panelStep: usize, to: usize, sums: usize, scratch: usize, scratchBytes: usize,
  rows: i32, paddedDepth: i32, paddedHeight: i32, paddedWidth: i32, ci: i32, outDepth: i32, outHeight: i32, outWidth: i32,
  co: i32, kd: i32, kh: i32, kw: i32, strideD: i32, strideH: i32, strideW: i32, chunk: i32, first: i32, end: i32,
  worker: i32,
): void {
  const rowTaps = kw * ci, allTaps = kd * kh * rowTaps, panels = (co + 7) >> 3;
  const xRow = floats(paddedWidth * ci), pixel = floats(strideW * ci);
  const packed = scratch + <usize>worker * scratchBytes, sumBytes = floats(8 * GROUP);
  memory.fill(sums + <usize>(first * panels) * sumBytes, 0, <usize>((end - first) * panels) * sumBytes);
  for (let start = 0; start < rows; start += chunk) {
    const stop = min(start + chunk, rows), pixels = (stop - start) * outWidth;
    for (let group = first; group < end; group++) {
      const tap = group * GROUP, count = min(GROUP, allTaps - tap);
      let out = packed;
      for (let r = start; r < stop; r++) {
        const slice = r / outHeight, plane = (slice / outDepth) * paddedDepth + (slice % outDepth) * strideD;
        const from = x + <usize>(plane * paddedHeight + (r % outHeight) * strideH) * xRow;
        packGroup(from, xRow, paddedHeight, kh, rowTaps, tap, count, pixel, outWidth, out);
        out += floats(outWidth * GROUP);
      }
      let d = dy + <usize>(start * outWidth) * dyStep, sum = sums + <usize>(group * panels) * sumBytes;
      for (let panel = 0; panel < panels; panel++, d += panelStep, sum += sumBytes) {
        addProducts(packed, d, dyStep, sum, pixels);
      }
    }
  }
  for (let group = first; group < end; group++) {
    const tap = group * GROUP;
    storeSums(sums + <usize>(group * panels) * sumBytes, to + floats(tap * co), min(GROUP, allTaps - tap), co);
  }
}

/** The row of x that a row of taps, of all planes, begins at. */
@inline
function rowOf(line: i32, kh: i32, paddedHeight: i32): usize {
  return <usize>((line / kh) * paddedHeight + line % kh);
}

/** The group's values of x for one row of output pixels -> [outWidth][6]. */
@inline
function packGroup(
  x: usize, xRow: usize, paddedHeight: i32, kh: i32, rowTaps: i32, tap: i32, count: i32, pixel: usize, outWidth: i32,
  to: usize,
): void {
  const column = tap % rowTaps;
  if (count == GROUP && column + GROUP <= rowTaps) {
    let from = x + rowOf(tap / rowTaps, kh, paddedHeight) * xRow + floats(column);
    for (let j = 0; j < outWidth; j++, from += pixel, to += 24) {
      put(to, get(from));
      store<u64>(to, load<u64>(from, 16), 16);
    }
    return;
  }
  for (let q = 0; q < GROUP; q++) {
    let from = x + rowOf((tap + q) / rowTaps, kh, paddedHeight) * xRow + floats((tap + q) % rowTaps);
    let out = to + floats(q);
    for (let j = 0; j < outWidth; j++, from += pixel, out += 24) store<f32>(out, q < count ? load<f32>(from) : 0);
  }
}

/** sums [6][8] += a [pixels][6]^T . d [pixels][0..8] */
function addProducts(a: usize, d: usize, dStep: usize, sums: usize, pixels: i32): void {
  let s00 = get(sums), s01 = v128.load(sums, 16), s10 = v128.load(sums, 32), s11 = v128.load(sums, 48);
  let s20 = v128.load(sums, 64), s21 = v128.load(sums, 80), s30 = v128.load(sums, 96), s31 = v128.load(sums, 112);
  let s40 = v128.load(sums, 128), s41 = v128.load(sums, 144), s50 = v128.load(sums, 160), s51 = v128.load(sums, 176);
  for (; pixels > 0; pixels--, a += 24, d += dStep) {
    const d0 = get(d), d1 = v128.load(d, 16);
    let v = v128.load32_splat(a);
    s00 = multiplyAdd(s00, v, d0); s01 = multiplyAdd(s01, v, d1);
    v = v128.load32_splat(a, 4);
    s10 = multiplyAdd(s10, v, d0); s11 = multiplyAdd(s11, v, d1);
    v = v128.load32_splat(a, 8);
    s20 = multiplyAdd(s20, v, d0); s21 = multiplyAdd(s21, v, d1);
    v = v128.load32_splat(a, 12);
    s30 = multiplyAdd(s30, v, d0); s31 = multiplyAdd(s31, v, d1);
    v = v128.load32_splat(a, 16);
    s40 = multiplyAdd(s40, v, d0); s41 = multiplyAdd(s41, v, d1);
    v = v128.load32_splat(a, 20);
    s50 = multiplyAdd(s50, v, d0); s51 = multiplyAdd(s51, v, d1);
  }
  put(sums, s00); v128.store(sums, s01, 16); v128.store(sums, s10, 32); v128.store(sums, s11, 48);
  v128.store(sums, s20, 64); v128.store(sums, s21, 80); v128.store(sums, s30, 96); v128.store(sums, s31, 112);
  v128.store(sums, s40, 128); v128.store(sums, s41, 144); v128.store(sums, s50, 160); v128.store(sums, s51, 176);
}

/** Panels of [6][8] -> `count` rows of dW. */
@inline
function storeSums(sums: usize, to: usize, count: i32, co: i32): void {
  for (let k = 0; k < co; k += 8, sums += floats(8 * GROUP)) {
    const bytes = floats(min(8, co - k));
    for (let q = 0; q < count; q++) memory.copy(to + floats(q * co + k), sums + floats(q << 3), bytes);
  }
}
