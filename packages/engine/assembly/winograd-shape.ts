// The shape of the convolution under way: 3x3 in the plane, any number of taps in depth; an image is a volume of one
// slice. Every kernel sets it first; each thread has its own instance.
import { floats, roundUp4, roundUp8 } from './simd';
import { OUT } from './winograd-transforms';

/** Slices of the input. */
export let depth: i32 = 0;
export let height: i32 = 0;
export let width: i32 = 0;
export let channels: i32 = 0;
export let filters: i32 = 0;
/** Taps in depth, and the zero slices before the first one. */
export let planes: i32 = 0;
export let front: i32 = 0;
export let pad: i32 = 0;
/** Channels rounded up to 4, filters to 8: the rest is zero. */
export let paddedChannels: i32 = 0;
export let paddedFilters: i32 = 0;
/** What a product sums over: the channels of all slices that a tile of the output sees. */
export let paddedInputs: i32 = 0;
export let outDepth: i32 = 0;
export let outHeight: i32 = 0;
export let outWidth: i32 = 0;
export let tilesDown: i32 = 0;
export let tilesAcross: i32 = 0;
/** Tiles of all slices of all volumes. */
export let tiles: i32 = 0;

export function setShape(
  volumes: i32, d: i32, h: i32, w: i32, c: i32, k: i32, depthTaps: i32, slicesBefore: i32, slices: i32, border: i32,
): void {
  depth = d;
  height = h;
  width = w;
  channels = c;
  filters = k;
  planes = depthTaps;
  front = slicesBefore;
  pad = border;
  paddedChannels = roundUp4(c);
  paddedFilters = roundUp8(k);
  paddedInputs = depthTaps * paddedChannels;
  outDepth = slices;
  outHeight = h + 2 * border - 2;
  outWidth = w + 2 * border - 2;
  tilesDown = (outHeight + <i32>OUT - 1) / <i32>OUT;
  tilesAcross = (outWidth + <i32>OUT - 1) / <i32>OUT;
  tiles = volumes * slices * tilesDown * tilesAcross;
}

/**
 * Bytes of one of the 36 planes of a table, with 64 spare ones: planes at power-of-two distances
 * would all fall into one set of the L1 cache.
 */
@inline
export function plane(rows: i32, columns: i32): usize {
  return floats(rows * columns) + 64;
}
