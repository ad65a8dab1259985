// Direct convolution for every filter size and stride, NHWC, and the input gradient as one such convolution per phase
// of the stride. The input is padded beforehand, the filter packed into panels of 8 outputs: [CO / 8][taps * CI][8].
import { doneInSixes } from './products';
import { floats, get, multiplyAdd, put } from './simd';

/** x [N,H,W,C] -> to [N,PH,PW,C] with zero borders; items are the rows of all padded images. */
export function padRows(
  x: usize, to: usize, h: i32, w: i32, c: i32, paddedHeight: i32, paddedWidth: i32, top: i32, left: i32, first: i32,
  end: i32, worker: i32,
): void {
  const rowBytes = floats(w * c), paddedBytes = floats(paddedWidth * c), leftBytes = floats(left * c);
  for (let r = first; r < end; r++) {
    const image = r / paddedHeight, row = (r % paddedHeight) - top;
    const out = to + <usize>r * paddedBytes;
    if (row < 0 || row >= h) {
      memory.fill(out, 0, paddedBytes);
      continue;
    }
    memory.fill(out, 0, leftBytes);
    memory.copy(out + leftBytes, x + <usize>(image * h + row) * rowBytes, rowBytes);
    memory.fill(out + leftBytes + rowBytes, 0, paddedBytes - leftBytes - rowBytes);
  }
}

/** Filter [rows, CO] -> [CO / 8][rows][8], zero padded; items are panels. */
export function packFilter(w: usize, to: usize, rows: i32, co: i32, first: i32, end: i32, worker: i32): void {
  for (let panel = first; panel < end; panel++) {
    const k = panel << 3;
    for (let row = 0; row < rows; row++) {
      const from = w + floats(row * co + k), out = to + (floats(panel * rows + row) << 3);
      if (k + 8 <= co) {
        put(out, get(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        for (let i = 0; i < 8; i++) store<f32>(out + floats(i), k + i < co ? load<f32>(from + floats(i)) : 0);
      }
    }
  }
}

/**
 * The taps of one phase of the input gradient: rows firstRow + strideH * (rows - 1 - i), columns likewise, of
 * w [KH,KW,CI,CO] -> [CI / 8][rows * columns * CO][8]; items are panels.
 */
export function packPhase(
  w: usize, to: usize, kw: i32, ci: i32, co: i32, strideH: i32, strideW: i32, firstRow: i32, rows: i32,
  firstColumn: i32, columns: i32, first: i32, end: i32, worker: i32,
): void {
  for (let panel = first; panel < end; panel++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const tap = (firstRow + strideH * (rows - 1 - i)) * kw + firstColumn + strideW * (columns - 1 - j);
        const from = w + floats((tap * ci + (panel << 3)) * co);
        const out = to + (floats(((panel * rows + i) * columns + j) * co) << 3);
        for (let q = 0; q < 8; q++) {
          const exists = (panel << 3) + q < ci, row = from + floats(q * co);
          for (let k = 0; k < co; k++) {
            store<f32>(out + (floats(k) << 3) + floats(q), exists ? load<f32>(row + floats(k)) : 0);
          }
        }
      }
    }
  }
}

/** Stores the first n of eight values. */
@inline
function putFirst(to: usize, low: v128, high: v128, n: i32): void {
  if (n >= 8) {
    put(to, low);
    v128.store(to, high, 16);
    return;
  }
  store<f32>(to, f32x4.extract_lane(low, 0));
  if (n > 1) store<f32>(to, f32x4.extract_lane(low, 1), 4);
  if (n > 2) store<f32>(to, f32x4.extract_lane(low, 2), 8);
  if (n > 3) store<f32>(to, f32x4.extract_lane(low, 3), 12);
  if (n > 4) store<f32>(to, f32x4.extract_lane(high, 0), 16);
  if (n > 5) store<f32>(to, f32x4.extract_lane(high, 1), 20);
  if (n > 6) store<f32>(to, f32x4.extract_lane(high, 2), 24);
}

/** Six (or four) output pixels, `pixel` bytes apart in the input, of eight filters: the first `left` of them are stored. */
@inline
function pixels(
  six: bool, x: usize, pixel: usize, f: usize, kh: i32, rowTaps: i32, rowBytes: usize, out: usize, outPixel: usize,
  left: i32,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  const pixel2 = pixel << 1, pixel3 = pixel * 3, pixel4 = pixel << 2, pixel5 = pixel * 5;
  for (let i = 0; i < kh; i++, x += rowBytes) {
    let p = x;
    const stop = p + floats(rowTaps);
    while (p < stop) {
      const w0 = get(f), w1 = v128.load(f, 16);
      f += 32;
      let v = v128.load32_splat(p);
      s00 = multiplyAdd(s00, v, w0); s01 = multiplyAdd(s01, v, w1);
      v = v128.load32_splat(p + pixel);
      s10 = multiplyAdd(s10, v, w0); s11 = multiplyAdd(s11, v, w1);
      v = v128.load32_splat(p + pixel2);
      s20 = multiplyAdd(s20, v, w0); s21 = multiplyAdd(s21, v, w1);
      v = v128.load32_splat(p + pixel3);
      s30 = multiplyAdd(s30, v, w0); s31 = multiplyAdd(s31, v, w1);
      if (six) {
        v = v128.load32_splat(p + pixel4);
        s40 = multiplyAdd(s40, v, w0); s41 = multiplyAdd(s41, v, w1);
        v = v128.load32_splat(p + pixel5);
        s50 = multiplyAdd(s50, v, w0); s51 = multiplyAdd(s51, v, w1);
      }
      p += 4;
    }
  }
  putFirst(out, s00, s01, left);
  putFirst(out + outPixel, s10, s11, left);
  putFirst(out + (outPixel << 1), s20, s21, left);
  putFirst(out + outPixel * 3, s30, s31, left);
  if (six) {
    putFirst(out + (outPixel << 2), s40, s41, left);
    putFirst(out + outPixel * 5, s50, s51, left);
  }
}

/**
 * Convolution of padded x [N,PH,PW,CI] with a packed filter. Output pixel (i, j) goes to
 * (i * stepH + phaseH, j * stepW + phaseW) of y [N,YH,YW,CO]; items are the output rows of all images.
 */
export function directConvolution(
  x: usize, w: usize, y: usize, paddedHeight: i32, paddedWidth: i32, ci: i32, outHeight: i32, outWidth: i32, co: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, yHeight: i32, yWidth: i32, stepH: i32, stepW: i32, phaseH: i32,
  phaseW: i32, first: i32, end: i32, worker: i32,
): void {
  const rowTaps = kw * ci, rowBytes = floats(paddedWidth * ci);
  const pixel = floats(strideW * ci);
  const outPixel = floats(co * stepW);
  for (let panel = 0; panel < (co + 7) >> 3; panel++) {
    const filter = w + (floats(panel * kh * rowTaps) << 3), left = co - (panel << 3);
    for (let r = first; r < end; r++) {
      const image = r / outHeight, row = r % outHeight;
      const from = x + <usize>(image * paddedHeight + row * strideH) * rowBytes;
      const yRow = image * yHeight + row * stepH + phaseH;
      const out = y + floats((yRow * yWidth + phaseW) * co + (panel << 3));
      let j = 0;
      const sixes = doneInSixes(outWidth);
      for (; j < sixes; j += 6) {
        pixels(
          true, from + <usize>j * pixel, pixel, filter, kh, rowTaps, rowBytes, out + <usize>j * outPixel, outPixel, left,
        );
      }
      for (; j + 4 <= outWidth; j += 4) {
        pixels(
          false, from + <usize>j * pixel, pixel, filter, kh, rowTaps, rowBytes, out + <usize>j * outPixel, outPixel,
          left,
        );
      }
      for (; j < outWidth; j++) {
        let s0 = f32x4.splat(0), s1 = s0, f = filter;
        const base = from + <usize>j * pixel;
        for (let i = 0; i < kh; i++) {
          let p = base + <usize>i * rowBytes;
          const stop = p + floats(rowTaps);
          while (p < stop) {
            const v = v128.load32_splat(p);
            s0 = multiplyAdd(s0, v, get(f));
            s1 = multiplyAdd(s1, v, v128.load(f, 16));
            f += 32;
            p += 4;
          }
        }
        putFirst(out + <usize>j * outPixel, s0, s1, left);
      }
    }
  }
}
