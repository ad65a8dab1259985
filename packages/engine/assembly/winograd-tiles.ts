// Two-dimensional transforms of one tile, all channels: columns into `buffer` (576 bytes), then rows.
import { floats, get, put } from './simd';
import {
  channels, depth, front, height, outDepth, pad, planes, tilesAcross, tilesDown, width,
} from './winograd-shape';
import {
  IN,
  OUT,
  PRODUCTS,
  transformInput,
  transformOutput,
  transformOutputGradient,
} from './winograd-transforms';

/** Image rows `rowStep` bytes apart, pixels `pixelStep`, `bytes` of channels -> 36 planes `planeStep` apart. */
export function inputTile(
  from: usize, rowStep: usize, pixelStep: usize, bytes: usize, to: usize, planeStep: usize, buffer: usize,
): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let j: usize = 0; j < IN; j++) transformInput(from + c + j * pixelStep, rowStep, buffer + (j << 4), IN << 4);
    for (let i: usize = 0; i < IN; i++) {
      transformInput(buffer + i * (IN << 4), 16, to + c + i * IN * planeStep, planeStep);
    }
  }
}

/** 36 planes -> 4x4 pixels of the image. */
export function outputTile(
  from: usize, planeStep: usize, bytes: usize, to: usize, rowStep: usize, pixelStep: usize, buffer: usize,
): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let j: usize = 0; j < IN; j++) {
      transformOutput(from + c + j * planeStep, IN * planeStep, buffer + (j << 4), IN << 4);
    }
    for (let i: usize = 0; i < OUT; i++) {
      transformOutput(buffer + i * (IN << 4), 16, to + c + i * rowStep, pixelStep);
    }
  }
}

/** 4x4 pixels of the output's gradient -> 36 planes. */
export function outputGradientTile(
  from: usize, rowStep: usize, pixelStep: usize, bytes: usize, to: usize, planeStep: usize, buffer: usize,
): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    for (let j: usize = 0; j < OUT; j++) {
      transformOutputGradient(from + c + j * pixelStep, rowStep, buffer + (j << 4), OUT << 4);
    }
    for (let i: usize = 0; i < IN; i++) {
      transformOutputGradient(buffer + i * (OUT << 4), 16, to + c + i * IN * planeStep, planeStep);
    }
  }
}

/**
 * Copies the window of `size` x `size` pixels at (row, column) of an image of h x w pixels, `step` channels each, of
 * which `count` are taken; zero outside the image and in the channels count..padded.
 */
export function gatherWindow(
  image: usize, h: i32, w: i32, step: i32, count: i32, padded: i32, row: i32, column: i32, size: i32, to: usize,
): void {
  const bytes = floats(count);
  const paddedBytes = floats(padded);
  const pixelBytes = floats(step);
  for (let i = row; i < row + size; i++) {
    for (let j = column; j < column + size; j++, to += paddedBytes) {
      if (i < 0 || i >= h || j < 0 || j >= w) {
        memory.fill(to, 0, paddedBytes);
        continue;
      }
      const from = image + <usize>(i * w + j) * pixelBytes;
      let q: usize = 0;
      for (; q + 16 <= bytes; q += 16) put(to + q, get(from + q));
      for (; q < bytes; q += 4) store<f32>(to + q, load<f32>(from + q));
      for (; q < paddedBytes; q += 4) store<f32>(to + q, 0);
    }
  }
}

/** Copies a 4x4 tile of `padded` channels back into the image, `count` channels and what lies inside only. */
export function scatterTile(
  from: usize, padded: i32, image: usize, h: i32, w: i32, step: i32, count: i32, row: i32, column: i32,
): void {
  const bytes = floats(count);
  const paddedBytes = floats(padded);
  const pixelBytes = floats(step);
  for (let i = row; i < row + <i32>OUT; i++) {
    for (let j = column; j < column + <i32>OUT; j++, from += paddedBytes) {
      if (i >= h || j >= w) continue;
      const to = image + <usize>(i * w + j) * pixelBytes;
      let q: usize = 0;
      for (; q + 16 <= bytes; q += 16) put(to + q, get(from + q));
      for (; q < bytes; q += 4) store<f32>(to + q, load<f32>(from + q));
    }
  }
}

/**
 * Transforms the input of tiles [first, first + count), [tile][plane][channel]: `real` channels from `offset`, padded with
 * zeros; inner tiles from the image itself, edges through `patch`.
 */
export function inputTiles(
  x: usize, offset: i32, real: i32, padded: i32, to: usize, planeStep: usize, buffer: usize, patch: usize, first: i32,
  count: i32,
): void {
  const bytes = floats(padded), pixelBytes = floats(channels);
  const imageBytes = floats(height * width * channels);
  const size = <i32>IN;
  for (let tile = first; tile < first + count; tile++) {
    const tileRow = tile / tilesAcross;
    const row = (tileRow % tilesDown) * <i32>OUT - pad;
    const column = (tile % tilesAcross) * <i32>OUT - pad;
    const slice = tileRow / tilesDown, z = (slice % outDepth) - front;
    const isInside = row >= 0 && column >= 0 && row + size <= height && column + size <= width;
    for (let tap = 0; tap < planes; tap++, to += bytes) {
      if (z + tap < 0 || z + tap >= depth) {
        for (let t: usize = 0; t < PRODUCTS; t++) memory.fill(to + t * planeStep, 0, bytes);
        continue;
      }
      const image = x + <usize>((slice / outDepth) * depth + z + tap) * imageBytes + floats(offset);
      if (isInside && real == padded) {
        const from = image + <usize>(row * width + column) * pixelBytes;
        inputTile(from, <usize>width * pixelBytes, pixelBytes, bytes, to, planeStep, buffer);
      } else {
        gatherWindow(image, height, width, channels, real, padded, row, column, size, patch);
        inputTile(patch, IN * bytes, bytes, bytes, to, planeStep, buffer);
      }
    }
  }
}
