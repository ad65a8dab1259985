// The shape of the 3x3 convolution under way. Every kernel sets it first; each thread has its own instance.
import { floats, roundUp4, roundUp8 } from './simd';
import { OUT } from './winograd-transforms';

export let height: i32 = 0;
export let width: i32 = 0;
export let channels: i32 = 0;
export let filters: i32 = 0;
export let pad: i32 = 0;
/** Channels rounded up to 4, filters to 8: the rest is zero. */
export let paddedChannels: i32 = 0;
export let paddedFilters: i32 = 0;
export let outHeight: i32 = 0;
export let outWidth: i32 = 0;
export let tilesDown: i32 = 0;
export let tilesAcross: i32 = 0;
/** Tiles of all images. */
export let tiles: i32 = 0;

export function setShape(images: i32, h: i32, w: i32, c: i32, k: i32, border: i32): void {
  height = h;
  width = w;
  channels = c;
  filters = k;
  pad = border;
  paddedChannels = roundUp4(c);
  paddedFilters = roundUp8(k);
  outHeight = h + 2 * border - 2;
  outWidth = w + 2 * border - 2;
  tilesDown = (outHeight + <i32>OUT - 1) / <i32>OUT;
  tilesAcross = (outWidth + <i32>OUT - 1) / <i32>OUT;
  tiles = images * tilesDown * tilesAcross;
}

/**
 * Bytes of one of the 36 planes of a table, with 64 spare ones: planes at power-of-two distances
 * would all fall into one set of the L1 cache.
 */
@inline
export function plane(rows: i32, columns: i32): usize {
  return floats(rows * columns) + 64;
}
