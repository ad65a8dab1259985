// Sub-images of every blockH-th row and blockW-th column: a dilated convolution is an ordinary one on each of them.
import { floats, get, put } from './simd';

@inline
function copyPixel(from: usize, to: usize, bytes: usize): void {
  let q: usize = 0;
  for (; q + 16 <= bytes; q += 16) put(to + q, get(from + q));
  for (; q < bytes; q += 4) store<f32>(to + q, load<f32>(from + q));
}

/**
 * x [N,H,W,C] -> to [blockH * blockW * N, OH, OW, C]: sub-image (p, q) of image n is number (p * blockW + q) * N + n and
 * has the pixels (i * blockH + p - top, j * blockW + q - left), zero outside. Items are the rows of all sub-images.
 */
export function spaceToBatch(
  x: usize, to: usize, images: i32, h: i32, w: i32, c: i32, blockH: i32, blockW: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), step = <usize>blockW * pixel;
  for (let item = first; item < end; item++) {
    const number = item / outHeight, phase = number / images;
    const row = (item % outHeight) * blockH + phase / blockW - top;
    let out = to + <usize>item * <usize>outWidth * pixel, column = phase % blockW - left;
    if (row < 0 || row >= h) {
      memory.fill(out, 0, <usize>outWidth * pixel);
      continue;
    }
    let from = x + <usize>((number % images) * h + row) * <usize>w * pixel + <usize>column * pixel;
    for (let j = 0; j < outWidth; j++, column += blockW, from += step, out += pixel) {
      if (column < 0 || column >= w) memory.fill(out, 0, pixel);
      else copyPixel(from, out, pixel);
    }
  }
}

/** The inverse: x [blockH * blockW * N, H, W, C] -> to [N, OH, OW, C] from row `top` and column `left` on. Items are rows. */
export function batchToSpace(
  x: usize, to: usize, images: i32, h: i32, w: i32, c: i32, blockH: i32, blockW: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), phaseBytes = <usize>(images * h * w) * pixel;
  for (let item = first; item < end; item++) {
    const row = (item % outHeight) + top;
    const line = x + <usize>((row % blockH) * blockW) * phaseBytes
      + <usize>(((item / outHeight) * h + row / blockH) * w) * pixel;
    let out = to + <usize>item * <usize>outWidth * pixel, q = left % blockW, j = left / blockW;
    for (let n = outWidth; n > 0; n--, out += pixel) {
      copyPixel(line + <usize>q * phaseBytes + <usize>j * pixel, out, pixel);
      if (++q == blockW) {
        q = 0;
        j++;
      }
    }
  }
}
