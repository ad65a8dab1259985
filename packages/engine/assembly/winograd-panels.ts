// The same for many channels and few tiles: the work is split by panels of 8 filters (filters % 8 == 0), and the
// channels are taken `chunk` at a time (chunk % 4 == 0), so that the transformed input of a chunk and a panel's filter
// stay in L2 together. Every worker transforms the input by itself.
import { product, transposedProduct } from './products';
import { floats, roundUp4 } from './simd';
import { outputTiles, transformPanel } from './winograd-forward';
import { outputGradientTiles, writeTaps } from './winograd-gradient';
import { plane, setShape, tiles } from './winograd-shape';
import { inputTiles } from './winograd-tiles';
import { PRODUCTS } from './winograd-transforms';

/** Bytes at the head of a worker's scratch: the tile buffer and the edge of a panel. */
const HEAD: usize = 2048;

/**
 * Items are panels. Scratch per worker: 2048 + 36 * (plane(block, I) + plane(I, 8) + panels * plane(block, 8)) bytes,
 * where I = planes * chunk, for the most panels of one call, and 36 * max(chunk, 8) floats.
 */
export function winogradPanelsForward(
  x: usize, w: usize, y: usize, scratch: usize, scratchBytes: usize, volumes: i32, d: i32, h: i32, width: i32, c: i32,
  k: i32, planes: i32, front: i32, outDepth: i32, border: i32, block: i32, chunk: i32, first: i32, end: i32,
  worker: i32,
): void {
  setShape(volumes, d, h, width, c, k, planes, front, outDepth, border);
  const vStep = plane(block, planes * chunk), uStep = plane(planes * chunk, 8), mStep = plane(block, 8);
  const buffer = scratch + <usize>worker * scratchBytes;
  const v = buffer + HEAD, u = v + PRODUCTS * vStep, patch = u + PRODUCTS * uStep;
  const products = patch + floats(<i32>PRODUCTS * max(chunk, 8));
  for (let start = 0; start < tiles; start += block) {
    const count = min(block, tiles - start);
    for (let channel = 0; channel < c; channel += chunk) {
      const real = min(chunk, c - channel), padded = roundUp4(real);
      inputTiles(x, channel, real, padded, v, vStep, buffer, patch, start, count);
      for (let panel = first, m = products; panel < end; panel++, m += PRODUCTS * mStep) {
        transformPanel(w + floats(channel * k), c, u, uStep, buffer, real, k, planes, panel);
        for (let t: usize = 0; t < PRODUCTS; t++) {
          product(v + t * vStep, u + t * uStep, m + t * mStep, count, planes * padded, 8, channel > 0);
        }
      }
    }
    for (let panel = first, m = products; panel < end; panel++, m += PRODUCTS * mStep) {
      outputTiles(m, mStep, 8, y, panel << 3, 8, start, count, buffer, patch);
    }
  }
}

/** Filter gradient, all tiles in one block: block >= tiles, even, at least 4. Items and scratch as above. */
export function winogradPanelsFilterGradient(
  x: usize, dy: usize, to: usize, scratch: usize, scratchBytes: usize, volumes: i32, d: i32, h: i32, width: i32, c: i32,
  k: i32, planes: i32, front: i32, outDepth: i32, border: i32, block: i32, chunk: i32, first: i32, end: i32,
  worker: i32,
): void {
  setShape(volumes, d, h, width, c, k, planes, front, outDepth, border);
  const vStep = plane(block, planes * chunk), uStep = plane(planes * chunk, 8), zStep = plane(block, 8);
  const buffer = scratch + <usize>worker * scratchBytes, tapBytes = floats(c * k);
  const v = buffer + HEAD, u = v + PRODUCTS * vStep, patch = u + PRODUCTS * uStep;
  const gradients = patch + floats(<i32>PRODUCTS * max(chunk, 8));
  for (let panel = first, z = gradients; panel < end; panel++, z += PRODUCTS * zStep) {
    outputGradientTiles(dy, panel << 3, 8, 8, z, zStep, 0, tiles, buffer, patch);
  }
  for (let channel = 0; channel < c; channel += chunk) {
    const real = min(chunk, c - channel), padded = roundUp4(real);
    inputTiles(x, channel, real, padded, v, vStep, buffer, patch, 0, tiles);
    for (let panel = first, z = gradients; panel < end; panel++, z += PRODUCTS * zStep) {
      for (let t: usize = 0; t < PRODUCTS; t++) {
        transposedProduct(v + t * vStep, z + t * zStep, u + t * uStep, tiles, planes * padded, 8, false);
      }
      for (let i = 0; i < planes * real; i++) {
        const tap = i / real, j = i % real, from = u + floats((tap * padded + j) * 8);
        const out = to + floats((tap * 9 * c + channel + j) * k + (panel << 3));
        writeTaps(from, uStep, out, tapBytes, buffer);
        writeTaps(from + 16, uStep, out + 16, tapBytes, buffer);
      }
    }
  }
}
