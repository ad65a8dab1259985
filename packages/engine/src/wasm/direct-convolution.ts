import type { WasmContext } from './context.js';
import type { ConvolutionSizes } from './convolution-sizes.js';

/** Depth, height, width. */
type Triple = readonly [number, number, number];

/** Bytes of dy that the filter gradient takes at a time: packed they stay in L2, and eight filters of them in L1. */
const PACKED_CHUNK_BYTES = 131_072;
const PLAIN_CHUNK_BYTES = 16_384;
/** Measured: for fewer taps than this, packing dy costs more than it saves. */
const PACKED_TAPS = 100;
/** Taps of a group, and pixels of a block, as in assembly/direct-filter-gradient.ts. */
const GROUP_TAPS = 6;
const BLOCK_PIXELS = 256;

const roundUp8 = (n: number) => Math.ceil(n / 8) * 8;

/** y = convolution of x with w, any filter size, stride and padding; all are addresses. */
export function directForward(context: WasmContext, sizes: ConvolutionSizes, x: number, w: number, y: number): void {
  const { pool, heap } = context;
  const { inChannels, outChannels } = sizes;
  const input = padInput(context, sizes, x);
  const filter = filterOf(sizes);
  const out = outputOf(sizes);
  const taps = product(filter) * inChannels;
  const packed = heap.scratch('filter', taps * roundUp8(outChannels) * 4);
  pool.run('packFilter', roundUp8(outChannels) / 8, [w, packed, taps, outChannels]);
  pool.run('directConvolution', sizes.batchSize * out[0] * out[1], [
    ...[input.address, packed, y, ...input.padded, inChannels, ...out, outChannels],
    ...[...filter, ...stridesOf(sizes), ...out, 1, 1, 1, 0, 0, 0],
  ]);
}

/** One dimension of one phase: the pixels p, p + stride, ... of the input see the taps firstTap, firstTap + stride, ... */
interface Phase {
  readonly p: number;
  readonly firstTap: number;
  readonly taps: number;
  /** The output that the first pixel sees with the first tap. */
  readonly output: number;
  readonly pixels: number;
}

/** dx as one stride-1 convolution of dy per phase of the strides. `dx` must be zero where a phase has no taps. */
export function directInputGradient(
  context: WasmContext,
  sizes: ConvolutionSizes,
  dy: number,
  w: number,
  dx: number,
): void {
  const { pool, heap } = context;
  const { batchSize, inChannels, outChannels } = sizes;
  const [to, filter, strides, out] = [inputOf(sizes), filterOf(sizes), stridesOf(sizes), outputOf(sizes)];
  const [front, top, left] = borderOf(sizes);
  const planes = phases(to[0], front, filter[0], strides[0]);
  const rows = phases(to[1], top, filter[1], strides[1]);
  const columns = phases(to[2], left, filter[2], strides[2]);
  const axes = [planes, rows, columns] as const;
  if (axes.flat().some((phase) => phase.taps === 0)) {
    heap.float32(dx, batchSize * product(to) * inChannels).fill(0);
  }
  const before = each((axis) => missingBefore(axes[axis]));
  const padded = each((axis) => {
    const ends = axes[axis].map((phase) => phase.output + phase.pixels);
    return before[axis] + Math.max(out[axis], ...ends);
  });
  const from = pad(context, dy, batchSize, outChannels, out, padded, before);
  const packed = heap.scratch('filter', product(filter) * outChannels * roundUp8(inChannels) * 4);
  for (const phase of combinations(axes)) {
    if (phase.some(({ taps, pixels }) => taps * pixels === 0)) continue;
    const taps = phase.flatMap((axis) => [axis.firstTap, axis.taps]);
    const weights = [w, packed, filter[1], filter[2], inChannels, outChannels, ...strides, ...taps];
    pool.run('packPhase', roundUp8(inChannels) / 8, weights);
    const [z, i, j] = each((axis) => before[axis] + phase[axis].output - phase[axis].taps + 1);
    const corner = (z * padded[1] + i) * padded[2] + j;
    const pixels = each((axis) => phase[axis].pixels);
    pool.run('directConvolution', batchSize * pixels[0] * pixels[1], [
      ...[from + corner * outChannels * 4, packed, dx, ...padded, outChannels, ...pixels, inChannels],
      ...[...each((axis) => phase[axis].taps), 1, 1, 1, ...to, ...strides, ...each((axis) => phase[axis].p)],
    ]);
  }
}

export function directFilterGradient(
  context: WasmContext,
  sizes: ConvolutionSizes,
  x: number,
  dy: number,
  dw: number,
): void {
  const { pool, heap } = context;
  const { inChannels, outChannels, outWidth } = sizes;
  const input = padInput(context, sizes, x);
  const [filter, out] = [filterOf(sizes), outputOf(sizes)];
  const rows = sizes.batchSize * out[0] * out[1];
  const pixels = rows * outWidth;
  const filters = roundUp8(outChannels);
  const taps = product(filter) * inChannels;
  const isPacked = taps >= PACKED_TAPS || outChannels % 8 !== 0;
  const from = isPacked ? heap.scratch('packedOutputGradient', pixels * filters * 4) : dy;
  if (isPacked) pool.run('packPixels', Math.ceil(pixels / BLOCK_PIXELS), [dy, from, pixels, outChannels]);
  const steps = isPacked ? [32, 32 * pixels] : [4 * filters, 32];
  const chunkBytes = isPacked ? PACKED_CHUNK_BYTES : PLAIN_CHUNK_BYTES;
  const chunk = Math.max(1, Math.floor(chunkBytes / (outWidth * filters * 4)));
  const perWorker = chunk * outWidth * GROUP_TAPS * 4;
  const scratch = heap.scratch('workers', perWorker * pool.threads);
  const groups = Math.ceil(taps / GROUP_TAPS);
  const sums = heap.scratch('filterGradient', groups * GROUP_TAPS * filters * 4);
  const args = [
    ...[input.address, from, ...steps, dw, sums, scratch, perWorker, rows, ...input.padded, inChannels],
    ...[...out, outChannels, ...filter, ...stridesOf(sizes), chunk],
  ];
  // Coarse: every range of groups reads all of dy.
  pool.run('directFilterGradient', groups, args, 'coarse');
}

/** The padded input that the direct kernels read; the input itself where it needs no border. */
function padInput(context: WasmContext, sizes: ConvolutionSizes, x: number): { address: number; padded: Triple } {
  const [size, border, filter] = [inputOf(sizes), borderOf(sizes), filterOf(sizes)];
  const [strides, out] = [stridesOf(sizes), outputOf(sizes)];
  const padded = each((axis) => Math.max(size[axis] + border[axis], (out[axis] - 1) * strides[axis] + filter[axis]));
  return { address: pad(context, x, sizes.batchSize, sizes.inChannels, size, padded, border), padded };
}

function pad(
  { pool, heap }: WasmContext,
  x: number,
  volumes: number,
  channels: number,
  size: Triple,
  padded: Triple,
  before: Triple,
): number {
  if (padded.every((length, axis) => length === size[axis])) return x;
  const to = heap.scratch('padded', volumes * product(padded) * channels * 4 + 64);
  pool.run('padRows', volumes * padded[0] * padded[1], [x, to, ...size, channels, ...padded, ...before]);
  return to;
}

function phases(length: number, padding: number, filter: number, stride: number): Phase[] {
  return Array.from({ length: stride }, (_, p) => {
    const firstTap = (p + padding) % stride;
    return {
      p,
      firstTap,
      taps: firstTap < filter ? Math.ceil((filter - firstTap) / stride) : 0,
      output: (p + padding - firstTap) / stride,
      pixels: Math.max(0, Math.ceil((length - p) / stride)),
    };
  });
}

/** The zeros that dy needs before its first row so that every tap of every phase finds one. */
function missingBefore(axis: readonly Phase[]): number {
  return Math.max(0, ...axis.map((phase) => phase.taps - 1 - phase.output));
}

function combinations([planes, rows, columns]: readonly [Phase[], Phase[], Phase[]]): [Phase, Phase, Phase][] {
  return planes.flatMap((z) => rows.flatMap((i) => columns.map((j): [Phase, Phase, Phase] => [z, i, j])));
}

const product = ([depth, height, width]: Triple) => depth * height * width;
const each = (value: (axis: 0 | 1 | 2) => number): Triple => [value(0), value(1), value(2)];

const inputOf = (sizes: ConvolutionSizes): Triple => [sizes.inDepth, sizes.inHeight, sizes.inWidth];
const outputOf = (sizes: ConvolutionSizes): Triple => [sizes.outDepth, sizes.outHeight, sizes.outWidth];
const filterOf = (sizes: ConvolutionSizes): Triple => [sizes.filterDepth, sizes.filterHeight, sizes.filterWidth];
const stridesOf = (sizes: ConvolutionSizes): Triple => [sizes.strideDepth, sizes.strideHeight, sizes.strideWidth];
const borderOf = ({ padInfo }: ConvolutionSizes): Triple => [padInfo.front, padInfo.top, padInfo.left];
