// Filter gradient of the stride-1 convolution, 3x3 in the plane, the exact adjoint of the forward transform:
//   dW = G^T [ sum over tiles of (B^T x B) * (A dy A^T) ] G
//   dU [slices][36][planes][channels][filters]  the bracket, one partial sum per fixed slice of the tiles
import { transposedProduct } from './products';
import { add, floats, get, put, roundUp4, roundUp8 } from './simd';
import { BUFFER } from './winograd-forward';
import {
  filters, outHeight, outWidth, paddedChannels, paddedFilters, paddedInputs, plane, setShape, tiles, tilesAcross, tilesDown,
} from './winograd-shape';
import { gatherWindow, inputTiles, outputGradientTile } from './winograd-tiles';
import { IN, OUT, PRODUCTS, transformFilterGradient } from './winograd-transforms';

/** dU; items are the slices of the tiles. Scratch as in `winogradForward`. */
export function winogradFilterGradientSlices(
  x: usize, dy: usize, du: usize, scratch: usize, scratchBytes: usize, volumes: i32, d: i32, h: i32, w: i32, c: i32,
  k: i32, planes: i32, front: i32, outDepth: i32, border: i32, block: i32, slices: i32, first: i32, end: i32, worker: i32,
): void {
  setShape(volumes, d, h, w, c, k, planes, front, outDepth, border);
  const uStep = plane(paddedInputs, paddedFilters);
  const vStep = plane(block, paddedInputs), zStep = plane(block, paddedFilters);
  const buffer = scratch + <usize>worker * scratchBytes;
  const v = buffer + BUFFER, z = v + PRODUCTS * vStep, patch = z + PRODUCTS * zStep;
  for (let slice = first; slice < end; slice++) {
    const begin = <i32>((<i64>tiles * slice) / slices), stop = <i32>((<i64>tiles * (slice + 1)) / slices);
    const to = du + <usize>slice * PRODUCTS * uStep;
    let accumulate = false;
    for (let start = begin; start < stop; start += block) {
      const count = min(block, stop - start);
      inputTiles(x, 0, c, paddedChannels, v, vStep, buffer, patch, start, count);
      outputGradientTiles(dy, 0, filters, paddedFilters, z, zStep, start, count, buffer, patch);
      for (let t: usize = 0; t < PRODUCTS; t++) {
        const a = v + t * vStep, b = z + t * zStep;
        transposedProduct(a, b, to + t * uStep, count, paddedInputs, paddedFilters, accumulate);
      }
      accumulate = true;
    }
  }
}

/** Transforms dy of the tiles [start, start + count): `real` filters from `offset`, padded with zeros. */
export function outputGradientTiles(
  dy: usize, offset: i32, real: i32, padded: i32, z: usize, zStep: usize, start: i32, count: i32, buffer: usize,
  patch: usize,
): void {
  const bytes = floats(padded), pixelBytes = floats(filters);
  for (let i = 0; i < count; i++, z += bytes) {
    const tile = start + i, tileRow = tile / tilesAcross;
    const row = (tileRow % tilesDown) * <i32>OUT, column = (tile % tilesAcross) * <i32>OUT;
    const image = dy + <usize>(tileRow / tilesDown) * <usize>(outHeight * outWidth) * pixelBytes + floats(offset);
    if (row + <i32>OUT <= outHeight && column + <i32>OUT <= outWidth && real == padded) {
      const from = image + <usize>(row * outWidth + column) * pixelBytes;
      outputGradientTile(from, <usize>outWidth * pixelBytes, pixelBytes, bytes, z, zStep, buffer);
    } else {
      gatherWindow(image, outHeight, outWidth, filters, real, padded, row, column, <i32>OUT, patch);
      outputGradientTile(patch, OUT * bytes, bytes, bytes, z, zStep, buffer);
    }
  }
}

/** dW = G^T (sum of the slices of dU) G; items are the input channels of each plane. Scratch per worker: 2 KiB. */
export function winogradFilterGradient(
  du: usize, to: usize, scratch: usize, scratchBytes: usize, c: i32, k: i32, planes: i32, slices: i32, first: i32,
  end: i32, worker: i32,
): void {
  const filters8 = roundUp8(k), channels4 = roundUp4(c);
  const planeStep = plane(planes * channels4, filters8);
  const buffer = scratch + <usize>worker * scratchBytes, sums = buffer + 640, edge = sums + 640;
  const tapBytes = floats(c * k);
  for (let item = first; item < end; item++) {
    const tap = item / c, i = item % c, row = tap * 9 * c + i;
    for (let j = 0; j < k; j += 4) {
      const from = du + floats((tap * channels4 + i) * filters8 + j);
      for (let t: usize = 0; t < PRODUCTS; t++) {
        let sum = get(from + t * planeStep);
        for (let s: usize = 1; s < <usize>slices; s++) sum = add(sum, get(from + (s * PRODUCTS + t) * planeStep));
        put(sums + (t << 4), sum);
      }
      const out = to + floats(row * k + j);
      if (j + 4 <= k) writeTaps(sums, 16, out, tapBytes, buffer);
      else {
        writeTaps(sums, 16, edge, 16, buffer);
        for (let tap: usize = 0; tap < 9; tap++) {
          for (let lane = 0; lane < k - j; lane++) {
            store<f32>(out + tap * tapBytes + floats(lane), load<f32>(edge + (tap << 4) + floats(lane)));
          }
        }
      }
    }
  }
}

/** 36 planes of four filters -> the nine taps. */
@inline
export function writeTaps(from: usize, planeStep: usize, to: usize, tapBytes: usize, buffer: usize): void {
  for (let column: usize = 0; column < IN; column++) {
    transformFilterGradient(from + column * planeStep, IN * planeStep, buffer + (column << 4), IN << 4);
  }
  for (let row: usize = 0; row < 3; row++) {
    transformFilterGradient(buffer + row * (IN << 4), 16, to + 3 * row * tapBytes, tapBytes);
  }
}
