// Stride-1 convolution, 3x3 in the plane and `planes` taps in depth, NDHWC. Per block of tiles of output slices: transform
// the slices of the input that they see, 36 matrix products, transform back.
//   U [36][filters / 8][planes][channels][8]  transformed filter
//   V [36][block][planes][channels]           transformed input of a block of tiles
//   M [36][block][filters]                    its products
import { product } from './products';
import { floats, get, put, roundUp4, roundUp8 } from './simd';
import {
  filters, outHeight, outWidth, paddedChannels, paddedFilters, paddedInputs, plane, setShape, tiles, tilesAcross, tilesDown,
} from './winograd-shape';
import { inputTiles, outputTile, scatterTile } from './winograd-tiles';
import { IN, OUT, PRODUCTS, transformFilterTaps } from './winograd-transforms';

/** Bytes at the head of a worker's scratch that the tile transforms use. */
export const BUFFER: usize = 1024;

/**
 * w [taps,C,K] -> to [taps,K,C] in the opposite order: the filter of the input's gradient. Items are the taps.
 */
export function rotateFilter(w: usize, to: usize, c: i32, k: i32, taps: i32, first: i32, end: i32, worker: i32): void {
  const tapBytes = floats(c * k);
  const c4 = c & ~3, k4 = k & ~3;
  const rowBytes = floats(k), outBytes = floats(c);
  for (let tap = first; tap < end; tap++) {
    const from = w + <usize>(taps - 1 - tap) * tapBytes, out = to + <usize>tap * tapBytes;
    // 16 columns at a time: whole cache lines
    for (let k0 = 0; k0 < k4; k0 += 16) {
      for (let i = 0; i < c4; i += 4) {
        for (let j = k0; j < min(k0 + 16, k4); j += 4) {
          const p = from + <usize>i * rowBytes + floats(j), q = out + <usize>j * outBytes + floats(i);
          transpose4x4(p, rowBytes, q, outBytes);
        }
      }
    }
    for (let i = 0; i < c; i++) {
      for (let j = i < c4 ? k4 : 0; j < k; j++) {
        store<f32>(out + <usize>j * outBytes + floats(i), load<f32>(from + <usize>i * rowBytes + floats(j)));
      }
    }
  }
}

@inline
function transpose4x4(from: usize, step: usize, to: usize, toStep: usize): void {
  const a = get(from), b = get(from + step), c = get(from + 2 * step), d = get(from + 3 * step);
  const abLow = i32x4.shuffle(a, b, 0, 4, 1, 5), abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cdLow = i32x4.shuffle(c, d, 0, 4, 1, 5), cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  put(to, i64x2.shuffle(abLow, cdLow, 0, 2));
  put(to + toStep, i64x2.shuffle(abLow, cdLow, 1, 3));
  put(to + 2 * toStep, i64x2.shuffle(abHigh, cdHigh, 0, 2));
  put(to + 3 * toStep, i64x2.shuffle(abHigh, cdHigh, 1, 3));
}

/** U = G w G^T; items are panels of 8 filters. */
export function transformFilter(
  w: usize, u: usize, scratch: usize, scratchBytes: usize, c: i32, k: i32, planes: i32, first: i32, end: i32,
  worker: i32,
): void {
  const inputs = planes * roundUp4(c), planeStep = plane(inputs, roundUp8(k));
  for (let panel = first; panel < end; panel++) {
    const to = u + (floats(panel * inputs) << 3);
    transformPanel(w, c, to, planeStep, scratch + <usize>worker * scratchBytes, c, k, planes, panel);
  }
}

/** The transformed filter of `c` of `all` channels and the 8 filters of one panel; `buffer` holds at least 2 KiB. */
export function transformPanel(
  w: usize, all: i32, u: usize, planeStep: usize, buffer: usize, c: i32, k: i32, planes: i32, panel: i32,
): void {
  const channels4 = roundUp4(c);
  const tapBytes = floats(all * k);
  const edge = buffer + 1024;
  for (let input = 0; input < planes * channels4; input++) {
    const i = input % channels4, row = (input / channels4) * 9 * all + i;
    for (let half = 0; half < 8; half += 4, u += 16) {
      const j = (panel << 3) + half;
      let from = w + floats(row * k + j), step = tapBytes;
      if (i >= c || j + 4 > k) {
        // behind the last channel or filter: copy what exists, zero the rest
        for (let tap = 0; tap < 9; tap++) {
          for (let lane = 0; lane < 4; lane++) {
            const value: f32 = i < c && j + lane < k ? load<f32>(from + <usize>tap * tapBytes + floats(lane)) : 0;
            store<f32>(edge + floats(tap * 4 + lane), value);
          }
        }
        from = edge;
        step = 16;
      }
      for (let column: usize = 0; column < 3; column++) {
        transformFilterTaps(from + column * step, 3 * step, buffer + (column << 4), 48);
      }
      for (let line: usize = 0; line < IN; line++) {
        transformFilterTaps(buffer + line * 48, 16, u + line * IN * planeStep, planeStep);
      }
    }
  }
}

/**
 * y [N,OD,OH,OW,K] = convolution of x [N,D,H,W,C] with U; items are blocks of `block` tiles.
 * Scratch per worker: 1024 + 36 * (plane(block, planes * C4) + plane(block, K8)) bytes and 36 * max(C4, K8) floats.
 */
export function winogradForward(
  x: usize, u: usize, y: usize, scratch: usize, scratchBytes: usize, volumes: i32, d: i32, h: i32, w: i32, c: i32,
  k: i32, planes: i32, front: i32, outDepth: i32, border: i32, block: i32, first: i32, end: i32, worker: i32,
): void {
  setShape(volumes, d, h, w, c, k, planes, front, outDepth, border);
  const uStep = plane(paddedInputs, paddedFilters);
  const vStep = plane(block, paddedInputs), mStep = plane(block, paddedFilters);
  const buffer = scratch + <usize>worker * scratchBytes;
  const v = buffer + BUFFER, m = v + PRODUCTS * vStep, patch = m + PRODUCTS * mStep;
  for (let b = first; b < end; b++) {
    const start = b * block, count = min(block, tiles - start);
    inputTiles(x, 0, c, paddedChannels, v, vStep, buffer, patch, start, count);
    for (let t: usize = 0; t < PRODUCTS; t++) {
      product(v + t * vStep, u + t * uStep, m + t * mStep, count, paddedInputs, paddedFilters, false);
    }
    outputTiles(m, mStep, paddedFilters, y, 0, filters, start, count, buffer, patch);
  }
}

/** Writes the tiles [start, start + count) of `padded` filters, `real` of them, at filter `offset` of y. */
export function outputTiles(
  m: usize, mStep: usize, padded: i32, y: usize, offset: i32, real: i32, start: i32, count: i32, buffer: usize,
  patch: usize,
): void {
  const bytes = floats(padded), pixelBytes = floats(filters);
  for (let i = 0; i < count; i++, m += bytes) {
    const tile = start + i, tileRow = tile / tilesAcross;
    const row = (tileRow % tilesDown) * <i32>OUT, column = (tile % tilesAcross) * <i32>OUT;
    const image = y + <usize>(tileRow / tilesDown) * <usize>(outHeight * outWidth) * pixelBytes + floats(offset);
    if (row + <i32>OUT <= outHeight && column + <i32>OUT <= outWidth && real == padded) {
      const to = image + <usize>(row * outWidth + column) * pixelBytes;
      outputTile(m, mStep, bytes, to, <usize>outWidth * pixelBytes, pixelBytes, buffer);
    } else {
      outputTile(m, mStep, bytes, patch, OUT * bytes, bytes, buffer);
      scatterTile(patch, padded, image, outHeight, outWidth, filters, real, row, column);
    }
  }
}
