// Filter gradient of the direct convolution. A filter row's taps and channels lie side by side in the padded input, so
// the work is cut into groups of four of those KW * CI values; the rows of dy are taken in chunks that stay in cache.
import { add, floats, get, multiplyAdd, put } from './simd';

/**
 * to [KH,KW,CI,CO] += gradient, from padded x [N,PH,PW,CI] and dy [rows,OW,CO], rows = N * OH; CO % 8 == 0.
 * Items are KH * ceil(KW * CI / 4) groups. The caller zeroes `to`.
 */
export function directFilterGradient(
  x: usize, dy: usize, to: usize, rows: i32, paddedHeight: i32, paddedWidth: i32, ci: i32, outHeight: i32,
  outWidth: i32, co: i32, kh: i32, kw: i32, strideH: i32, strideW: i32, chunk: i32, first: i32, end: i32, worker: i32,
): void {
  const rowTaps = kw * ci, groups = (rowTaps + 3) >> 2;
  const pixel = floats(strideW * ci), outPixel = floats(co), outRow = <usize>outWidth * outPixel;
  const xRow = floats(paddedWidth * ci), xStep = <usize>strideH * xRow;
  for (let start = 0; start < rows; start += chunk) {
    const stop = min(start + chunk, rows);
    for (let group = first; group < end; group++) {
      const tapRow = group / groups, wanted = (group % groups) << 2;
      // The last group of a row may overlap the one before: then only its new values are stored.
      const tap = rowTaps >= 4 ? min(wanted, rowTaps - 4) : wanted, known = wanted - tap;
      const from = x + <usize>tapRow * xRow + floats(tap);
      for (let k = 0; k < co; k += 8) {
        const out = to + floats((tapRow * rowTaps + tap) * co + k);
        if (rowTaps >= 4) {
          fourTaps(
            from, dy + floats(k), out, known, start, stop, paddedHeight, outHeight, xRow, xStep, pixel, outPixel,
            outRow,
          );
        } else {
          for (let q = 0; q < rowTaps; q++) {
            oneTap(
              from + floats(q), dy + floats(k), out + <usize>q * outPixel, start, stop, paddedHeight, outHeight, xRow,
              xStep, pixel, outPixel, outRow,
            );
          }
        }
      }
    }
  }
}

@inline
function fourTaps(
  x: usize, dy: usize, out: usize, known: i32, start: i32, stop: i32, paddedHeight: i32, outHeight: i32, xRow: usize,
  xStep: usize, pixel: usize, outPixel: usize, outRow: usize,
): void {
  const out1 = out + outPixel, out2 = out + (outPixel << 1), out3 = out + outPixel * 3;
  let s00 = get(out), s01 = v128.load(out, 16), s10 = get(out1), s11 = v128.load(out1, 16);
  let s20 = get(out2), s21 = v128.load(out2, 16), s30 = get(out3), s31 = v128.load(out3, 16);
  for (let r = start; r < stop; r++) {
    let p = x + <usize>(r / outHeight) * <usize>paddedHeight * xRow + <usize>(r % outHeight) * xStep;
    let d = dy + <usize>r * outRow;
    const last = d + outRow;
    while (d < last) {
      const d0 = get(d), d1 = v128.load(d, 16);
      let v = v128.load32_splat(p);
      s00 = multiplyAdd(s00, v, d0); s01 = multiplyAdd(s01, v, d1);
      v = v128.load32_splat(p, 4);
      s10 = multiplyAdd(s10, v, d0); s11 = multiplyAdd(s11, v, d1);
      v = v128.load32_splat(p, 8);
      s20 = multiplyAdd(s20, v, d0); s21 = multiplyAdd(s21, v, d1);
      v = v128.load32_splat(p, 12);
      s30 = multiplyAdd(s30, v, d0); s31 = multiplyAdd(s31, v, d1);
      d += outPixel;
      p += pixel;
    }
  }
  if (known < 1) { put(out, s00); v128.store(out, s01, 16); }
  if (known < 2) { put(out1, s10); v128.store(out1, s11, 16); }
  if (known < 3) { put(out2, s20); v128.store(out2, s21, 16); }
  put(out3, s30);
  v128.store(out3, s31, 16);
}

@inline
function oneTap(
  x: usize, dy: usize, out: usize, start: i32, stop: i32, paddedHeight: i32, outHeight: i32, xRow: usize, xStep: usize,
  pixel: usize, outPixel: usize, outRow: usize,
): void {
  let s0 = get(out), s1 = v128.load(out, 16), t0 = f32x4.splat(0), t1 = t0;
  for (let r = start; r < stop; r++) {
    let p = x + <usize>(r / outHeight) * <usize>paddedHeight * xRow + <usize>(r % outHeight) * xStep;
    let d = dy + <usize>r * outRow;
    const last = d + outRow;
    for (; d + outPixel < last; d += 2 * outPixel, p += 2 * pixel) {
      const v = v128.load32_splat(p), w = v128.load32_splat(p + pixel), e = d + outPixel;
      s0 = multiplyAdd(s0, v, get(d)); s1 = multiplyAdd(s1, v, v128.load(d, 16));
      t0 = multiplyAdd(t0, w, get(e)); t1 = multiplyAdd(t1, w, v128.load(e, 16));
    }
    if (d < last) {
      const v = v128.load32_splat(p);
      s0 = multiplyAdd(s0, v, get(d)); s1 = multiplyAdd(s1, v, v128.load(d, 16));
    }
  }
  put(out, add(s0, t0));
  v128.store(out, add(s1, t1), 16);
}
