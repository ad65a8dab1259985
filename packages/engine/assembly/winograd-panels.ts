// The same for many channels and few tiles: the work is split by panels of 8 filters (filters % 8 == 0), so that a
// panel of the filter (or of its gradient) stays in L2. The input's transform is repeated by every worker.
import { product, transposedProduct } from './products';
import { floats } from './simd';
import { outputTiles, transformPanel } from './winograd-forward';
import { outputGradientTiles, writeTaps } from './winograd-gradient';
import { paddedChannels, plane, setShape, tiles } from './winograd-shape';
import { inputTiles } from './winograd-tiles';
import { PRODUCTS } from './winograd-transforms';

/** Bytes at the head of a worker's scratch: the tile buffer and the edge of a panel. */
const HEAD: usize = 2048;

/**
 * Items are panels. Scratch per worker: 2048 + 36 * (plane(block, C4) + plane(block, 8) + plane(C4, 8)) bytes and
 * 36 * max(C4, 8) floats.
 */
export function winogradPanelsForward(
  x: usize, w: usize, y: usize, scratch: usize, scratchBytes: usize, images: i32, h: i32, width: i32, c: i32, k: i32,
  border: i32, block: i32, first: i32, end: i32, worker: i32,
): void {
  setShape(images, h, width, c, k, border);
  const vStep = plane(block, paddedChannels), mStep = plane(block, 8), uStep = plane(paddedChannels, 8);
  const buffer = scratch + <usize>worker * scratchBytes;
  const v = buffer + HEAD, m = v + PRODUCTS * vStep, u = m + PRODUCTS * mStep, patch = u + PRODUCTS * uStep;
  for (let start = 0; start < tiles; start += block) {
    const count = min(block, tiles - start);
    inputTiles(x, v, vStep, buffer, patch, start, count);
    for (let panel = first; panel < end; panel++) {
      transformPanel(w, u, uStep, buffer, c, k, panel);
      for (let t: usize = 0; t < PRODUCTS; t++) {
        product(v + t * vStep, u + t * uStep, m + t * mStep, count, paddedChannels, 8);
      }
      outputTiles(m, mStep, 8, y, panel << 3, 8, start, count, buffer, patch);
    }
  }
}

/** Filter gradient, all tiles in one block: block >= tiles, even, at least 4. Items and scratch as above. */
export function winogradPanelsFilterGradient(
  x: usize, dy: usize, to: usize, scratch: usize, scratchBytes: usize, images: i32, h: i32, width: i32, c: i32, k: i32,
  border: i32, block: i32, first: i32, end: i32, worker: i32,
): void {
  setShape(images, h, width, c, k, border);
  const vStep = plane(block, paddedChannels), zStep = plane(block, 8), uStep = plane(paddedChannels, 8);
  const buffer = scratch + <usize>worker * scratchBytes;
  const v = buffer + HEAD, z = v + PRODUCTS * vStep, u = z + PRODUCTS * zStep, patch = u + PRODUCTS * uStep;
  const tapBytes = floats(c * k);
  inputTiles(x, v, vStep, buffer, patch, 0, tiles);
  for (let panel = first; panel < end; panel++) {
    outputGradientTiles(dy, panel << 3, 8, 8, z, zStep, 0, tiles, buffer, patch);
    for (let t: usize = 0; t < PRODUCTS; t++) {
      transposedProduct(v + t * vStep, z + t * zStep, u + t * uStep, tiles, paddedChannels, 8, false);
    }
    for (let i = 0; i < c; i++) {
      for (let half = 0; half < 8; half += 4) {
        writeTaps(u + floats(i * 8 + half), uStep, to + floats(i * k + (panel << 3) + half), tapBytes, buffer);
      }
    }
  }
}
