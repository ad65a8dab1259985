// Maximum pooling over volumes [N,D,H,W,C]; an image is a volume of depth 1. A border never wins.
import { add, floats, get, put } from './simd';

@inline
function two(p: usize, pixel: usize): v128 {
  return f32x4.pmax(get(p), get(p + pixel));
}

@inline
function three(p: usize, pixel: usize): v128 {
  return f32x4.pmax(two(p, pixel), get(p + 2 * pixel));
}

/** Items are the output rows of all volumes. */
export function maxPool(
  x: usize, y: usize, d: i32, h: i32, w: i32, c: i32, outDepth: i32, outHeight: i32, outWidth: i32, windowD: i32,
  windowH: i32, windowW: i32, strideD: i32, strideH: i32, strideW: i32, front: i32, top: i32, left: i32, first: i32,
  end: i32, worker: i32,
): void {
  const pixel = floats(c), row = <usize>w * pixel, plane = <usize>h * row, four = floats(c & ~3);
  for (let item = first; item < end; item++) {
    const i = item % outHeight, slice = item / outHeight;
    const h0 = i * strideH - top, h1 = min(h, h0 + windowH), d0 = (slice % outDepth) * strideD - front;
    const d1 = min(d, d0 + windowD), firstPlane = (slice / outDepth) * d;
    let to = y + <usize>item * <usize>outWidth * pixel;
    for (let j = 0; j < outWidth; j++, to += pixel) {
      const w0 = j * strideW - left, fromW = max(0, w0), columns = min(w, w0 + windowW) - fromW;
      const start = x + <usize>fromW * pixel;
      const isWhole = windowD == 1 && h0 >= 0 && columns == h1 - h0, corner = start + <usize>(firstPlane + d0) * plane;
      for (let q: usize = 0; q < four; q += 16) {
        if (isWhole && (columns == 2 || columns == 3)) {
          const p = corner + <usize>h0 * row + q;
          if (columns == 2) put(to + q, f32x4.pmax(two(p, pixel), two(p + row, pixel)));
          else put(to + q, f32x4.pmax(f32x4.pmax(three(p, pixel), three(p + row, pixel)), three(p + 2 * row, pixel)));
          continue;
        }
        let largest = f32x4.splat(-Infinity);
        for (let k = max(0, d0); k < d1; k++) {
          for (let r = max(0, h0); r < h1; r++) {
            let p = start + <usize>(firstPlane + k) * plane + <usize>r * row + q;
            for (let n = columns; n > 0; n--, p += pixel) largest = f32x4.pmax(largest, get(p));
          }
        }
        put(to + q, largest);
      }
      for (let q = four; q < pixel; q += 4) {
        let largest: f32 = -Infinity;
        for (let k = max(0, d0); k < d1; k++) {
          for (let r = max(0, h0); r < h1; r++) {
            let p = start + <usize>(firstPlane + k) * plane + <usize>r * row + q;
            for (let n = columns; n > 0; n--, p += pixel) {
              const value = load<f32>(p);
              if (value > largest) largest = value;
            }
          }
        }
        store<f32>(to + q, largest);
      }
    }
  }
}

/**
 * dx += dy at the first maximum of each window; the caller zeroes dx. Items are groups of `slices` output slices, which
 * must not share an input slice with another group.
 */
export function maxPoolGradient3d(
  x: usize, dy: usize, dx: usize, d: i32, h: i32, w: i32, c: i32, outDepth: i32, outHeight: i32, outWidth: i32,
  windowD: i32, windowH: i32, windowW: i32, strideD: i32, strideH: i32, strideW: i32, front: i32, top: i32, left: i32,
  slices: i32, first: i32, end: i32, worker: i32,
): void {
  const pixel = floats(c), row = <usize>w * pixel, plane = <usize>h * row, four = floats(c & ~3);
  for (let slice = first * slices; slice < end * slices; slice++) {
    const d0 = (slice % outDepth) * strideD - front, fromD = max(0, d0), planes = min(d, d0 + windowD) - fromD;
    const volume = <usize>((slice / outDepth) * d + fromD) * plane;
    let from = dy + <usize>(slice * outHeight * outWidth) * pixel;
    for (let i = 0; i < outHeight; i++) {
      const h0 = i * strideH - top, fromH = max(0, h0), rows = min(h, h0 + windowH) - fromH;
      for (let j = 0; j < outWidth; j++, from += pixel) {
        const w0 = j * strideW - left, fromW = max(0, w0), columns = min(w, w0 + windowW) - fromW;
        const corner = volume + <usize>fromH * row + <usize>fromW * pixel;
        for (let q: usize = 0; q < four; q += 16) {
          window(x + corner + q, get(from + q), dx + corner + q, plane, row, pixel, planes, rows, columns);
        }
        for (let q = four; q < pixel; q += 4) {
          let largest: f32 = -Infinity;
          let best: usize = 0;
          for (let k = 0; k < planes; k++) {
            for (let r = 0; r < rows; r++) {
              for (let n = 0; n < columns; n++) {
                const at = corner + <usize>k * plane + <usize>r * row + <usize>n * pixel + q, value = load<f32>(x + at);
                if (value > largest) {
                  largest = value;
                  best = at;
                }
              }
            }
          }
          if (largest > -Infinity) store<f32>(dx + best, load<f32>(dx + best) + load<f32>(from + q));
        }
      }
    }
  }
}

@inline
function window(
  x: usize, g: v128, to: usize, plane: usize, row: usize, pixel: usize, planes: i32, rows: i32, columns: i32,
): void {
  let largest = f32x4.splat(-Infinity);
  for (let k = 0; k < planes; k++) {
    for (let r = 0; r < rows; r++) {
      let p = x + <usize>k * plane + <usize>r * row;
      for (let n = columns; n > 0; n--, p += pixel) largest = f32x4.pmax(largest, get(p));
    }
  }
  for (let k = 0; k < planes; k++) {
    for (let r = 0; r < rows; r++) {
      let at = <usize>k * plane + <usize>r * row;
      for (let n = columns; n > 0; n--, at += pixel) {
        const isLargest = f32x4.eq(get(x + at), largest);
        put(to + at, add(get(to + at), v128.and(g, isLargest)));
        g = v128.andnot(g, isLargest);
      }
    }
  }
}
