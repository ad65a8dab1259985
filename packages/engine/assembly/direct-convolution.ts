// Direct convolution for every filter size and stride, NDHWC, and the input gradient as one such convolution per phase
// of the stride. An image is a volume of one slice. The input is padded beforehand, the filter packed into panels of 8 outputs: [CO / 8][taps * CI][8].
import { doneInSixes } from './products';
import { floats, get, multiplyAdd, put } from './simd';

/** x [N,D,H,W,C] -> to [N,PD,PH,PW,C] with zero borders; items are the rows of all padded slices. */
export function padRows(
  x: usize, to: usize, d: i32, h: i32, w: i32, c: i32, paddedDepth: i32, paddedHeight: i32, paddedWidth: i32, front: i32,
  top: i32, left: i32, first: i32, end: i32, worker: i32,
): void {
  const rowBytes = floats(w * c), paddedBytes = floats(paddedWidth * c), leftBytes = floats(left * c);
  for (let r = first; r < end; r++) {
    const slice = r / paddedHeight, row = (r % paddedHeight) - top, z = (slice % paddedDepth) - front;
    const out = to + <usize>r * paddedBytes;
    if (row < 0 || row >= h || z < 0 || z >= d) {
      memory.fill(out, 0, paddedBytes);
      continue;
    }
    memory.fill(out, 0, leftBytes);
    memory.copy(out + leftBytes, x + <usize>(((slice / paddedDepth) * d + z) * h + row) * rowBytes, rowBytes);
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
 * The taps of one phase of the input gradient: rows firstRow + strideH * (rows - 1 - i), planes and columns likewise, of
 * w [KD,KH,KW,CI,CO] -> [CI / 8][planes * rows * columns * CO][8]; items are panels.
 */
export function packPhase(
  w: usize, to: usize, kh: i32, kw: i32, ci: i32, co: i32, strideD: i32, strideH: i32, strideW: i32, firstPlane: i32,
  planes: i32, firstRow: i32, rows: i32, firstColumn: i32, columns: i32, first: i32, end: i32, worker: i32,
): void {
  for (let panel = first; panel < end; panel++) {
    for (let line = 0; line < planes * rows; line++) {
      const plane = firstPlane + strideD * (planes - 1 - line / rows);
      const row = plane * kh + firstRow + strideH * (rows - 1 - (line % rows));
      for (let j = 0; j < columns; j++) {
        const tap = row * kw + firstColumn + strideW * (columns - 1 - j);
        const from = w + floats((tap * ci + (panel << 3)) * co);
        const out = to + (floats(((panel * planes * rows + line) * columns + j) * co) << 3);
        for (let q = 0; q < 8; q++) {
          const exists = (panel << 3) + q < ci, filter = from + floats(q * co);
          for (let k = 0; k < co; k++) {
            store<f32>(out + (floats(k) << 3) + floats(q), exists ? load<f32>(filter + floats(k)) : 0);
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

/**
 * Six (or four) output pixels, `pixel` bytes apart in the input, of eight filters: the first `left` of them are stored.
 * `skip` leads from behind the last row of taps of one plane to the first one of the next.
 */
@inline
function pixels(
  six: bool, x: usize, pixel: usize, f: usize, kd: i32, kh: i32, rowTaps: i32, rowBytes: usize, skip: usize, out: usize,
  outPixel: usize, left: i32,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  const pixel2 = pixel << 1, pixel3 = pixel * 3, pixel4 = pixel << 2, pixel5 = pixel * 5;
  for (; kd > 0; kd--, x += skip) {
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
 * Convolution of padded x [N,PD,PH,PW,CI] with a packed filter. Output pixel (z, i, j) goes to
 * (z * stepD + phaseD, i * stepH + phaseH, j * stepW + phaseW) of y [N,YD,YH,YW,CO]; items are the output rows of all
 * slices.
 */
export function directConvolution(
  x: usize, w: usize, y: usize, paddedDepth: i32, paddedHeight: i32, paddedWidth: i32, ci: i32, outDepth: i32,
  outHeight: i32, outWidth: i32, co: i32, kd: i32, kh: i32, kw: i32, strideD: i32, strideH: i32, strideW: i32,
  yDepth: i32, yHeight: i32, yWidth: i32, stepD: i32, stepH: i32, stepW: i32, phaseD: i32, phaseH: i32, phaseW: i32,
  first: i32, end: i32, worker: i32,
): void {
  const rowTaps = kw * ci, rowBytes = floats(paddedWidth * ci), skip = <usize>(paddedHeight - kh) * rowBytes;
  const pixel = floats(strideW * ci);
  const outPixel = floats(co * stepW);
  for (let panel = 0; panel < (co + 7) >> 3; panel++) {
    const filter = w + (floats(panel * kd * kh * rowTaps) << 3), left = co - (panel << 3);
    for (let r = first; r < end; r++) {
      const slice = r / outHeight, row = r % outHeight, volume = slice / outDepth, z = slice % outDepth;
      const from = x + <usize>((volume * paddedDepth + z * strideD) * paddedHeight + row * strideH) * rowBytes;
      const yRow = (volume * yDepth + z * stepD + phaseD) * yHeight + row * stepH + phaseH;
      let out = y + floats((yRow * yWidth + phaseW) * co + (panel << 3)), p = from, j = 0;
      for (const sixes = doneInSixes(outWidth); j < sixes; j += 6, p += 6 * pixel, out += 6 * outPixel) {
        pixels(true, p, pixel, filter, kd, kh, rowTaps, rowBytes, skip, out, outPixel, left);
      }
      for (; j + 4 <= outWidth; j += 4, p += 4 * pixel, out += 4 * outPixel) {
        pixels(false, p, pixel, filter, kd, kh, rowTaps, rowBytes, skip, out, outPixel, left);
      }
      for (; j < outWidth; j++, p += pixel, out += outPixel) {
        onePixel(p, filter, kd, kh, rowTaps, rowBytes, skip, out, left);
      }
    }
  }
}

@inline
function onePixel(
  x: usize, f: usize, kd: i32, kh: i32, rowTaps: i32, rowBytes: usize, skip: usize, out: usize, left: i32,
): void {
  let s0 = f32x4.splat(0), s1 = s0;
  for (; kd > 0; kd--, x += skip) {
    for (let i = 0; i < kh; i++, x += rowBytes) {
      const stop = x + floats(rowTaps);
      for (let p = x; p < stop; p += 4, f += 32) {
        const v = v128.load32_splat(p);
        s0 = multiplyAdd(s0, v, get(f));
        s1 = multiplyAdd(s1, v, v128.load(f, 16));
      }
    }
  }
  putFirst(out, s0, s1, left);
}
