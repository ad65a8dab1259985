import type { WasmContext } from './context.js';
import type { ConvolutionSizes } from './convolution-sizes.js';

/** Stride-1 convolution, 3x3 in the plane with the same border on its four sides, NDHWC. */
export interface WinogradShape {
  readonly volumes: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  /** Taps in depth, and the zero slices before the first one. */
  readonly planes: number;
  readonly front: number;
  readonly outDepth: number;
  readonly border: number;
}

/** Products per tile, outputs per tile and dimension: F(4x4, 3x3). */
const PRODUCTS = 36;
const OUT = 4;
/** Measured: below four channels on either side the direct kernel wins. */
const FEWEST_CHANNELS = 4;
/** Measured: from 128x256 channels on, panels of the filter win; the whole would leave L2. */
const PANEL_CHANNELS = 32_768;
/** Measured: the filter gradient gains from 64x64 on, while the tiles are few enough to be one block. */
const GRADIENT_PANEL_CHANNELS = 4096;
const GRADIENT_PANEL_TILES = 256;
/** Tiles of one block: its transformed input and products stay in L2. */
const BLOCK_TILES = 24;
/** Measured: the transformed input of a chunk of channels, in L2 beside a panel of the filter. */
const CHUNK_BYTES = 300_000;
/** Bytes at the head of a worker's scratch; the kernels use at most 2 KiB. */
const HEAD_BYTES = 4096;

const roundUp = (n: number, to: number) => Math.ceil(n / to) * to;
const roundUpToEven = (n: number) => roundUp(n, 2);
/** Bytes of one plane; as in assembly/winograd-shape.ts. */
const plane = (rows: number, columns: number) => rows * columns * 4 + 64;

type WinogradChoice = Pick<
  ConvolutionSizes,
  | 'filterHeight'
  | 'filterWidth'
  | 'strideDepth'
  | 'strideHeight'
  | 'strideWidth'
  | 'inChannels'
  | 'outChannels'
  | 'padInfo'
>;

export function isWinograd(info: WinogradChoice): boolean {
  const { top, bottom, left, right } = info.padInfo;
  return (
    info.filterHeight === 3 &&
    info.filterWidth === 3 &&
    info.strideDepth === 1 &&
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    top <= 2 &&
    top === left &&
    top === bottom &&
    left === right &&
    Math.min(info.inChannels, info.outChannels) >= FEWEST_CHANNELS
  );
}

export function winogradShape(info: ConvolutionSizes): WinogradShape {
  return {
    volumes: info.batchSize,
    depth: info.inDepth,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    filters: info.outChannels,
    planes: info.filterDepth,
    front: info.padInfo.front,
    outDepth: info.outDepth,
    border: info.padInfo.top,
  };
}

/** The input gradient is a convolution of dy with the rotated filter. */
export function inputGradientShape(shape: WinogradShape): WinogradShape {
  const { height, width, channels, filters, planes, border } = shape;
  return {
    volumes: shape.volumes,
    depth: shape.outDepth,
    height: height + 2 * border - 2,
    width: width + 2 * border - 2,
    channels: filters,
    filters: channels,
    planes,
    front: planes - 1 - shape.front,
    outDepth: shape.depth,
    border: 2 - border,
  };
}

/** Bytes of the pieces of scratch, by name, for one thread: more threads add little, as they share the panels. */
export function winogradScratch(shape: WinogradShape, hasGradient: boolean): Record<string, number> {
  const tiles = countTiles(shape);
  if (!hasGradient) return forwardScratch(shape);
  const [there, back] = [forwardScratch(shape), forwardScratch(inputGradientShape(shape))];
  const slices = countSlices(shape, tiles);
  const block = Math.max(4, roundUpToEven(tiles));
  const gradient = hasGradientPanels(shape, tiles)
    ? { workers: panelBytes(shape, block, chunkChannels(shape, block), 1), filterGradient: 0 }
    : { workers: 0, filterGradient: slices * filterBytes(shape) };
  return {
    filter: Math.max(there.filter, back.filter),
    workers: Math.max(there.workers, back.workers, gradient.workers),
    filterGradient: gradient.filterGradient,
    rotatedFilter: rotatedBytes(shape),
  };
}

function forwardScratch(shape: WinogradShape): { filter: number; workers: number } {
  const tiles = countTiles(shape);
  if (!usesPanels(shape, PANEL_CHANNELS))
    return { filter: filterBytes(shape), workers: blockBytes(shape, blockTiles(tiles)) };
  const block = panelBlock(tiles);
  return { filter: 0, workers: panelBytes(shape, block, chunkChannels(shape, block), 1) };
}

/** y = convolution of x with w; all are addresses. */
export function winogradForward(context: WasmContext, shape: WinogradShape, x: number, w: number, y: number): void {
  const { pool, heap } = context;
  const { channels, filters, planes } = shape;
  const tiles = countTiles(shape);
  if (usesPanels(shape, PANEL_CHANNELS)) {
    const block = panelBlock(tiles);
    const chunk = chunkChannels(shape, block);
    const [scratch, bytes] = panelScratch(context, shape, block, chunk);
    const args = [x, w, y, scratch, bytes, ...numbers(shape), block, chunk];
    pool.run('winogradPanelsForward', filters / 8, args, 'coarse');
    return;
  }
  const block = blockTiles(tiles);
  const [scratch, bytes] = blockScratch(context, shape, block);
  const u = heap.scratch('filter', filterBytes(shape));
  pool.run('transformFilter', Math.ceil(filters / 8), [w, u, scratch, bytes, channels, filters, planes]);
  pool.run('winogradForward', Math.ceil(tiles / block), [x, u, y, scratch, bytes, ...numbers(shape), block]);
}

export function winogradInputGradient(
  context: WasmContext,
  shape: WinogradShape,
  dy: number,
  w: number,
  dx: number,
): void {
  const { channels, filters } = shape;
  const taps = 9 * shape.planes;
  const rotated = context.heap.scratch('rotatedFilter', rotatedBytes(shape));
  context.pool.run('rotateFilter', taps, [w, rotated, channels, filters, taps]);
  winogradForward(context, inputGradientShape(shape), dy, rotated, dx);
}

export function winogradFilterGradient(
  context: WasmContext,
  shape: WinogradShape,
  x: number,
  dy: number,
  dw: number,
): void {
  const { pool, heap } = context;
  const { channels, filters, planes } = shape;
  const tiles = countTiles(shape);
  if (hasGradientPanels(shape, tiles)) {
    const block = Math.max(4, roundUpToEven(tiles));
    const chunk = chunkChannels(shape, block);
    const [scratch, bytes] = panelScratch(context, shape, block, chunk);
    const args = [x, dy, dw, scratch, bytes, ...numbers(shape), block, chunk];
    pool.run('winogradPanelsFilterGradient', filters / 8, args, 'coarse');
    return;
  }
  const slices = countSlices(shape, tiles);
  const block = Math.max(4, Math.min(BLOCK_TILES, roundUpToEven(Math.ceil(tiles / slices))));
  const [scratch, bytes] = blockScratch(context, shape, block);
  const du = heap.scratch('filterGradient', slices * filterBytes(shape));
  const args = [x, dy, du, scratch, bytes, ...numbers(shape), block, slices];
  pool.run('winogradFilterGradientSlices', slices, args);
  const size = [channels, filters, planes, slices];
  pool.run('winogradFilterGradient', planes * channels, [du, dw, scratch, bytes, ...size]);
}

function numbers(shape: WinogradShape): number[] {
  const { volumes, depth, height, width, channels, filters, planes, front, outDepth, border } = shape;
  return [volumes, depth, height, width, channels, filters, planes, front, outDepth, border];
}

function countTiles({ volumes, outDepth, height, width, border }: WinogradShape): number {
  return volumes * outDepth * Math.ceil((height + 2 * border - 2) / OUT) * Math.ceil((width + 2 * border - 2) / OUT);
}

function usesPanels({ planes, channels, filters }: WinogradShape, fewest: number): boolean {
  return filters % 8 === 0 && planes * channels * filters >= fewest;
}

function hasGradientPanels(shape: WinogradShape, tiles: number): boolean {
  return usesPanels(shape, GRADIENT_PANEL_CHANNELS) && tiles <= GRADIENT_PANEL_TILES;
}

function panelBlock(tiles: number): number {
  return Math.min(32, Math.max(4, roundUpToEven(tiles)));
}

/** Channels taken at a time, in chunks of about equal size. By shape alone, like all that orders additions. */
function chunkChannels({ planes, channels }: WinogradShape, block: number): number {
  const most = Math.max(4, Math.floor(CHUNK_BYTES / (planes * plane(block, PRODUCTS))));
  return roundUp(Math.ceil(channels / Math.ceil(channels / most)), 4);
}

/** Blocks of equal size, an even number of them, about `BLOCK_TILES` each. */
function blockTiles(tiles: number): number {
  let blocks = Math.ceil(tiles / BLOCK_TILES);
  if (blocks > 1 || tiles >= BLOCK_TILES / 2) blocks = roundUpToEven(blocks);
  return Math.max(4, roundUpToEven(Math.ceil(tiles / blocks)));
}

/**
 * Partial sums of the filter gradient: as many threads as that can share the work, each with a table of the filter's
 * size. By shape alone: the order of additions must not depend on the number of threads.
 */
function countSlices({ planes, channels, filters }: WinogradShape, tiles: number): number {
  const size = planes * channels * filters;
  return Math.min(tiles, size <= 1024 ? 8 : size <= 8192 ? 4 : 2);
}

/** Of the transformed filter, which is 36 numbers for 9; and of one partial sum of its gradient. */
function filterBytes({ planes, channels, filters }: WinogradShape): number {
  return PRODUCTS * plane(planes * roundUp(channels, 4), roundUp(filters, 8));
}

function rotatedBytes({ planes, channels, filters }: WinogradShape): number {
  return 9 * planes * channels * filters * 4;
}

/** Of one worker. */
function blockBytes(shape: WinogradShape, block: number): number {
  const channels = roundUp(shape.channels, 4);
  const filters = roundUp(shape.filters, 8);
  const patch = Math.max(channels, filters) * 4;
  return PRODUCTS * (plane(block, shape.planes * channels) + plane(block, filters) + patch);
}

/** Of one worker, when `threads` of them share the panels. */
function panelBytes({ planes, filters }: WinogradShape, block: number, chunk: number, threads: number): number {
  const panels = Math.ceil(filters / 8 / threads);
  const tables = plane(block, planes * chunk) + plane(planes * chunk, 8) + panels * plane(block, 8);
  return PRODUCTS * (tables + Math.max(chunk, 8) * 4);
}

/** Scratch of all workers, and the bytes of each. */
function blockScratch(context: WasmContext, shape: WinogradShape, block: number): [number, number] {
  return workerScratch(context, blockBytes(shape, block));
}

function panelScratch(context: WasmContext, shape: WinogradShape, block: number, chunk: number): [number, number] {
  return workerScratch(context, panelBytes(shape, block, chunk, context.pool.threads));
}

function workerScratch({ heap, pool }: WasmContext, bytes: number): [number, number] {
  const perWorker = roundUp(HEAD_BYTES + bytes, 64);
  return [heap.scratch('workers', perWorker * pool.threads), perWorker];
}
