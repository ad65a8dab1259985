// Gradient of maximum pooling: the first maximum of a window takes all of it.
import { add, floats, get, put } from './simd';

/** Any window and stride; items are images. */
export function maxPoolGradient(
  x: usize, dy: usize, dx: usize, h: i32, w: i32, c: i32, outHeight: i32, outWidth: i32, windowH: i32, windowW: i32,
  strideH: i32, strideW: i32, top: i32, left: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), row = <usize>w * pixel, image = <usize>h * row;
  const fourBytes = floats(c & ~3);
  const isSideBySide =
    windowH == 2 && windowW == 2 && strideH == 2 && strideW == 2 && h == 2 * outHeight && w == 2 * outWidth;
  for (let n = first; n < end; n++) {
    const from = x + <usize>n * image, to = dx + <usize>n * image;
    let d = dy + <usize>n * <usize>(outHeight * outWidth) * pixel;
    if (!isSideBySide) memory.fill(to, 0, image);
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++, d += pixel) {
        const h0 = max(0, i * strideH - top), h1 = min(h, i * strideH - top + windowH);
        const w0 = max(0, j * strideW - left), w1 = min(w, j * strideW - left + windowW);
        const corner = <usize>h0 * row + <usize>w0 * pixel;
        for (let q: usize = 0; q < fourBytes; q += 16) {
          if (isSideBySide) pairWindow(from + corner + q, d + q, to + corner + q, row, pixel);
          else if (h1 - h0 == 3 && w1 - w0 == 3) nineWindow(from + corner + q, d + q, to + corner + q, row, pixel);
          else window(from + corner + q, d + q, to + corner + q, row, pixel, h1 - h0, w1 - w0);
        }
        for (let q = fourBytes; q < pixel; q += 4) {
          if (isSideBySide) {
            const out = to + corner + q;
            store<f32>(out, 0); store<f32>(out + pixel, 0); store<f32>(out + row, 0); store<f32>(out + row + pixel, 0);
          }
          scalarWindow(from + corner + q, d + q, to + corner + q, row, pixel, h1 - h0, w1 - w0);
        }
      }
    }
  }
}

/** A 2x2 window that shares no element with another: every element is written once. */
@inline
function pairWindow(x: usize, d: usize, to: usize, row: usize, pixel: usize): void {
  const p0 = get(x), p1 = get(x + pixel), p2 = get(x + row), p3 = get(x + row + pixel), g = get(d);
  const largest = f32x4.max(f32x4.max(p0, p1), f32x4.max(p2, p3));
  const e0 = f32x4.eq(p0, largest), e1 = f32x4.eq(p1, largest), e2 = f32x4.eq(p2, largest), e3 = f32x4.eq(p3, largest);
  const seen = v128.or(e0, e1);
  put(to, v128.and(g, e0));
  put(to + pixel, v128.and(g, v128.andnot(e1, e0)));
  put(to + row, v128.and(g, v128.andnot(e2, seen)));
  put(to + row + pixel, v128.and(g, v128.andnot(e3, v128.or(seen, e2))));
}

/** A 3x3 window without a loop. */
@inline
function nineWindow(x: usize, d: usize, to: usize, row: usize, pixel: usize): void {
  const x1 = x + row, x2 = x1 + row, p2 = pixel << 1;
  const a0 = get(x), a1 = get(x + pixel), a2 = get(x + p2), b0 = get(x1), b1 = get(x1 + pixel), b2 = get(x1 + p2);
  const c0 = get(x2), c1 = get(x2 + pixel), c2 = get(x2 + p2);
  const a = f32x4.max(a0, f32x4.max(a1, a2)), b = f32x4.max(b0, f32x4.max(b1, b2));
  const largest = f32x4.max(f32x4.max(a, b), f32x4.max(c0, f32x4.max(c1, c2)));
  const to1 = to + row, to2 = to1 + row;
  let g = get(d);
  g = give(to, a0, largest, g);
  g = give(to + pixel, a1, largest, g);
  g = give(to + p2, a2, largest, g);
  g = give(to1, b0, largest, g);
  g = give(to1 + pixel, b1, largest, g);
  g = give(to1 + p2, b2, largest, g);
  g = give(to2, c0, largest, g);
  g = give(to2 + pixel, c1, largest, g);
  give(to2 + p2, c2, largest, g);
}

/** Adds g where the value is the largest, and answers what is left to give. */
@inline
function give(to: usize, value: v128, largest: v128, g: v128): v128 {
  const isLargest = f32x4.eq(value, largest);
  put(to, add(get(to), v128.and(g, isLargest)));
  return v128.andnot(g, isLargest);
}

@inline
function window(x: usize, d: usize, to: usize, row: usize, pixel: usize, rows: i32, columns: i32): void {
  let largest = f32x4.splat(-Infinity);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) largest = f32x4.max(largest, get(x + <usize>i * row + <usize>j * pixel));
  }
  let g = get(d);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>i * row + <usize>j * pixel, isLargest = f32x4.eq(get(x + at), largest);
      put(to + at, add(get(to + at), v128.and(g, isLargest)));
      g = v128.andnot(g, isLargest);
    }
  }
}

@inline
function scalarWindow(x: usize, d: usize, to: usize, row: usize, pixel: usize, rows: i32, columns: i32): void {
  let largest: f32 = -Infinity;
  let best: usize = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>i * row + <usize>j * pixel, value = load<f32>(x + at);
      if (value > largest) {
        largest = value;
        best = at;
      }
    }
  }
  store<f32>(to + best, load<f32>(to + best) + load<f32>(d));
}
