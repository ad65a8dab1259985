// Depthwise convolution: every channel with a filter of its own, any size, stride and dilation, NHWC. Several filters a
// channel are the same with the input's channels repeated. Taps outside of the image are left out.
import { add, floats, get, multiplyAdd, put } from './simd';

/** The first i >= 0 with i * stride >= -offset, and the first behind the last with i * stride + offset < length. */
@inline
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

@inline
function endInside(offset: i32, stride: i32, length: i32, count: i32): i32 {
  return offset >= length ? 0 : min(count, (length - 1 - offset) / stride + 1);
}

/** y [N,OH,OW,C] from x [N,H,W,C] and w [KH,KW,C]; items are the output rows of all images. */
export function depthwiseForward(
  x: usize, w: usize, y: usize, h: i32, width: i32, c: i32, outHeight: i32, outWidth: i32, kh: i32, kw: i32, strideH: i32,
  strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), row = <usize>width * pixel, step = <usize>strideW * pixel;
  for (let item = first; item < end; item++) {
    const out = y + <usize>item * <usize>outWidth * pixel, image = x + <usize>(item / outHeight) * <usize>h * row;
    memory.fill(out, 0, <usize>outWidth * pixel);
    for (let a = 0; a < kh; a++) {
      const i = (item % outHeight) * strideH + a * dilationH - top;
      if (i < 0 || i >= h) continue;
      for (let b = 0; b < kw; b++) {
        const offset = b * dilationW - left, filter = w + <usize>(a * kw + b) * pixel;
        const j0 = firstInside(offset, strideW), j1 = endInside(offset, strideW, width, outWidth);
        let from = image + <usize>i * row + <usize>(j0 * strideW + offset) * pixel, to = out + <usize>j0 * pixel;
        for (let j = j0; j < j1; j++, from += step, to += pixel) multiplyChannels(from, filter, to, pixel);
      }
    }
  }
}

/** dx [N,H,W,C] from dy and w; items are the rows of dx. */
export function depthwiseInputGradient(
  dy: usize, w: usize, dx: usize, h: i32, width: i32, c: i32, outHeight: i32, outWidth: i32, kh: i32, kw: i32,
  strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), row = <usize>outWidth * pixel, step = <usize>strideW * pixel;
  for (let item = first; item < end; item++) {
    const out = dx + <usize>item * <usize>width * pixel, image = dy + <usize>(item / h) * <usize>outHeight * row;
    memory.fill(out, 0, <usize>width * pixel);
    for (let a = 0; a < kh; a++) {
      const distance = (item % h) + top - a * dilationH, i = distance / strideH;
      if (distance < 0 || distance % strideH != 0 || i >= outHeight) continue;
      for (let b = 0; b < kw; b++) {
        const offset = b * dilationW - left, filter = w + <usize>(a * kw + b) * pixel;
        const j0 = firstInside(offset, strideW), j1 = endInside(offset, strideW, width, outWidth);
        let to = out + <usize>(j0 * strideW + offset) * pixel, from = image + <usize>i * row + <usize>j0 * pixel;
        for (let j = j0; j < j1; j++, to += step, from += pixel) multiplyChannels(from, filter, to, pixel);
      }
    }
  }
}

/** to += x * w for one pixel. */
@inline
function multiplyChannels(x: usize, w: usize, to: usize, bytes: usize): void {
  let q: usize = 0;
  for (; q + 16 <= bytes; q += 16) put(to + q, multiplyAdd(get(to + q), get(x + q), get(w + q)));
  for (; q < bytes; q += 4) store<f32>(to + q, load<f32>(to + q) + load<f32>(x + q) * load<f32>(w + q));
}

/** Partial sums of dw, to [slices][KH,KW,C]: slice s sums its share of the output rows. Items are slices. */
export function depthwiseFilterGradient(
  x: usize, dy: usize, to: usize, rows: i32, slices: i32, h: i32, width: i32, c: i32, outHeight: i32, outWidth: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, first: i32, end: i32,
  worker: i32,
): void {
  const pixel = floats(c), row = <usize>width * pixel, step = <usize>strideW * pixel;
  for (let slice = first; slice < end; slice++) {
    const begin = <i32>((<i64>rows * slice) / slices), stop = <i32>((<i64>rows * (slice + 1)) / slices);
    const out = to + <usize>(slice * kh * kw) * pixel;
    memory.fill(out, 0, <usize>(kh * kw) * pixel);
    for (let r = begin; r < stop; r++) {
      const image = x + <usize>(r / outHeight) * <usize>h * row, gradient = dy + <usize>r * <usize>outWidth * pixel;
      for (let a = 0; a < kh; a++) {
        const i = (r % outHeight) * strideH + a * dilationH - top;
        if (i < 0 || i >= h) continue;
        for (let b = 0; b < kw; b++) {
          const offset = b * dilationW - left, sums = out + <usize>(a * kw + b) * pixel;
          const j0 = firstInside(offset, strideW), j1 = endInside(offset, strideW, width, outWidth);
          const from = image + <usize>i * row + <usize>(j0 * strideW + offset) * pixel, d = gradient + <usize>j0 * pixel;
          let q: usize = 0;
          for (; q + 16 <= pixel; q += 16) {
            let s = get(sums + q), p = from + q, g = d + q;
            for (let j = j0; j < j1; j++, p += step, g += pixel) s = multiplyAdd(s, get(p), get(g));
            put(sums + q, s);
          }
          for (; q < pixel; q += 4) {
            let s = load<f32>(sums + q), p = from + q, g = d + q;
            for (let j = j0; j < j1; j++, p += step, g += pixel) s += load<f32>(p) * load<f32>(g);
            store<f32>(sums + q, s);
          }
        }
      }
    }
  }
}

/** to [bytes] = sum of the slices, in order; items are blocks of 1 KiB. */
export function addSlices(
  from: usize, to: usize, bytes: usize, slices: i32, first: i32, end: i32, worker: i32,
): void {
  let q = (<usize>first) << 10;
  const last = min((<usize>end) << 10, bytes);
  for (; q + 16 <= last; q += 16) {
    let sum = get(from + q);
    for (let s = 1; s < slices; s++) sum = add(sum, get(from + <usize>s * bytes + q));
    put(to + q, sum);
  }
  for (; q < last; q += 4) {
    let sum = load<f32>(from + q);
    for (let s = 1; s < slices; s++) sum += load<f32>(from + <usize>s * bytes + q);
    store<f32>(to + q, sum);
  }
}

/** Each of the c values of a pixel `times` times; items are pixels. */
export function repeatChannels(
  x: usize, to: usize, c: i32, times: i32, first: i32, end: i32, worker: i32,
): void {
  let from = x + <usize>first * floats(c), out = to + <usize>first * floats(c * times);
  for (let n = (end - first) * c; n > 0; n--, from += 4) {
    const value = load<f32>(from);
    for (let t = 0; t < times; t++, out += 4) store<f32>(out, value);
  }
}

/** The sum of each run of `times` values; items are pixels of c runs. */
export function sumChannels(x: usize, to: usize, c: i32, times: i32, first: i32, end: i32, worker: i32): void {
  let from = x + <usize>first * floats(c * times), out = to + <usize>first * floats(c);
  for (let n = (end - first) * c; n > 0; n--, out += 4) {
    let sum: f32 = 0;
    for (let t = 0; t < times; t++, from += 4) sum += load<f32>(from);
    store<f32>(out, sum);
  }
}
