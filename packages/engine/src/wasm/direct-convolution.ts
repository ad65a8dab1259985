import type { backend_util } from '@tensorflow/tfjs-core';
import type { WasmContext } from './context.js';

type Conv2DInfo = backend_util.Conv2DInfo;

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
export function directForward(context: WasmContext, info: Conv2DInfo, x: number, w: number, y: number): void {
  const { pool, heap } = context;
  const input = padInput(context, info, x);
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const packed = heap.scratch('filter', taps * roundUp8(info.outChannels) * 4);
  pool.run('packFilter', roundUp8(info.outChannels) / 8, [w, packed, taps, info.outChannels]);
  pool.run('directConvolution', info.batchSize * info.outHeight, [
    ...[input.address, packed, y, input.height, input.width, info.inChannels],
    ...[info.outHeight, info.outWidth, info.outChannels, info.filterHeight, info.filterWidth],
    ...[info.strideHeight, info.strideWidth, info.outHeight, info.outWidth, 1, 1, 0, 0],
  ]);
}

/** One dimension of one phase: the pixels p, p + stride, ... of the input see the taps firstTap, firstTap + stride, ... */
interface Phase {
  readonly firstTap: number;
  readonly taps: number;
  /** The output that the first pixel sees with the first tap. */
  readonly output: number;
  readonly pixels: number;
}

/** dx as one stride-1 convolution of dy per phase of the strides. `dx` must be zero where a phase has no taps. */
export function directInputGradient(context: WasmContext, info: Conv2DInfo, dy: number, w: number, dx: number): void {
  const { pool, heap } = context;
  const { inHeight, inWidth, inChannels, outChannels, filterWidth, strideHeight, strideWidth, batchSize } = info;
  const rows = phases(inHeight, info.padInfo.top, info.filterHeight, strideHeight);
  const columns = phases(inWidth, info.padInfo.left, filterWidth, strideWidth);
  if ([...rows, ...columns].some((phase) => phase.taps === 0)) {
    heap.float32(dx, batchSize * inHeight * inWidth * inChannels).fill(0);
  }
  const top = border(rows);
  const left = border(columns);
  const height = Math.max(top + info.outHeight, ...rows.map((phase) => top + phase.output + phase.pixels));
  const width = Math.max(left + info.outWidth, ...columns.map((phase) => left + phase.output + phase.pixels));
  const outShape = [info.outHeight, info.outWidth, outChannels] as const;
  const padded = pad(context, dy, batchSize, outShape, height, width, top, left);
  const packed = heap.scratch('filter', info.filterHeight * filterWidth * outChannels * roundUp8(inChannels) * 4);
  const strides = [strideHeight, strideWidth];
  rows.forEach((row, p) => {
    columns.forEach((column, q) => {
      if (!row.taps || !column.taps || !row.pixels || !column.pixels) return;
      const taps = [row.firstTap, row.taps, column.firstTap, column.taps];
      const filter = [w, packed, filterWidth, inChannels, outChannels, ...strides, ...taps];
      pool.run('packPhase', roundUp8(inChannels) / 8, filter);
      const corner = (top + row.output - row.taps + 1) * width + left + column.output - column.taps + 1;
      pool.run('directConvolution', batchSize * row.pixels, [
        ...[padded + corner * outChannels * 4, packed, dx, height, width, outChannels],
        ...[row.pixels, column.pixels, inChannels, row.taps, column.taps, 1, 1],
        ...[inHeight, inWidth, ...strides, p, q],
      ]);
    });
  });
}

export function directFilterGradient(context: WasmContext, info: Conv2DInfo, x: number, dy: number, dw: number): void {
  const { pool, heap } = context;
  const { inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const input = padInput(context, info, x);
  const rows = info.batchSize * outHeight;
  const pixels = rows * outWidth;
  const filters = roundUp8(outChannels);
  const taps = filterHeight * filterWidth * inChannels;
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
    ...[input.address, from, ...steps, dw, sums, scratch, perWorker, rows, input.height, input.width, inChannels],
    ...[outHeight, outWidth, outChannels, filterHeight, filterWidth, strideHeight, strideWidth, chunk],
  ];
  // Coarse: every range of groups reads all of dy.
  pool.run('directFilterGradient', groups, args, 'coarse');
}

/** The padded input that the direct kernels read; the input itself where it needs no border. */
function padInput(context: WasmContext, info: Conv2DInfo, x: number) {
  const { top, left } = info.padInfo;
  const reach = (outputs: number, stride: number, filter: number) => (outputs - 1) * stride + filter;
  const height = Math.max(info.inHeight + top, reach(info.outHeight, info.strideHeight, info.filterHeight));
  const width = Math.max(info.inWidth + left, reach(info.outWidth, info.strideWidth, info.filterWidth));
  const shape = [info.inHeight, info.inWidth, info.inChannels] as const;
  return { address: pad(context, x, info.batchSize, shape, height, width, top, left), height, width };
}

function pad(
  { pool, heap }: WasmContext,
  x: number,
  images: number,
  [h, w, c]: readonly [number, number, number],
  height: number,
  width: number,
  top: number,
  left: number,
): number {
  if (height === h && width === w) return x;
  const padded = heap.scratch('padded', images * height * width * c * 4 + 64);
  pool.run('padRows', images * height, [x, padded, h, w, c, height, width, top, left]);
  return padded;
}

function phases(length: number, padding: number, filter: number, stride: number): Phase[] {
  return Array.from({ length: stride }, (_, p) => {
    const firstTap = (p + padding) % stride;
    return {
      firstTap,
      taps: firstTap < filter ? Math.ceil((filter - firstTap) / stride) : 0,
      output: (p + padding - firstTap) / stride,
      pixels: Math.max(0, Math.ceil((length - p) / stride)),
    };
  });
}

/** The zeros that dy needs before its first row so that every tap of every phase finds one. */
function border(axis: readonly Phase[]): number {
  return Math.max(0, ...axis.map((phase) => phase.taps - 1 - phase.output));
}
