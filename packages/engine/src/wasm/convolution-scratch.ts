import { isWinograd, winogradScratch } from './winograd.js';

/** A convolution of images with the border `same`, as models have them. */
export interface ConvolutionSize {
  /** Height of the filter, which is its width. */
  readonly size: number;
  readonly stride: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Of the input. */
  readonly height: number;
  readonly width: number;
}

/**
 * Bytes of the heap that scratch of these convolutions takes on wasm: a piece of it stays, with the size of its largest
 * need.
 */
export function convolutionScratchBytes(
  convolutions: readonly ConvolutionSize[],
  images: number,
  hasGradient: boolean,
): number {
  const pieces = new Map<string, number>();
  for (const convolution of convolutions)
    for (const [name, bytes] of Object.entries(scratchOf(convolution, images, hasGradient)))
      pieces.set(name, Math.max(bytes, pieces.get(name) ?? 0));
  return [...pieces.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function scratchOf(convolution: ConvolutionSize, images: number, hasGradient: boolean): Record<string, number> {
  const { size, stride, inputs, outputs, height, width } = convolution;
  const border = size >> 1;
  const choice = {
    ...{ filterHeight: size, filterWidth: size, strideDepth: 1, strideHeight: stride, strideWidth: stride },
    ...{ inChannels: inputs, outChannels: outputs },
    padInfo: { front: 0, back: 0, top: border, bottom: border, left: border, right: border, type: 'SAME' as const },
  };
  if (!isWinograd(choice)) return directScratch(convolution, images, hasGradient);
  const depth = { depth: 1, planes: 1, front: 0, outDepth: 1 };
  const shape = { volumes: images, ...depth, height, width, channels: inputs, filters: outputs, border };
  return winogradScratch(shape, hasGradient);
}

/** As in direct-convolution.ts: images with a border of zeros, and dy in groups of eight channels. */
function directScratch(
  { size, stride, inputs, outputs, height, width }: ConvolutionSize,
  images: number,
  hasGradient: boolean,
): Record<string, number> {
  const filter = 4 * size ** 2 * inputs * outputs;
  const padded = size > 1 ? 4 * images * height * width * inputs : 0;
  if (!hasGradient) return { filter, padded };
  const pixels = Math.ceil(height / stride) * Math.ceil(width / stride);
  const packed = 4 * images * pixels * 8 * Math.ceil(outputs / 8);
  return { filter, padded: Math.max(padded, packed), packedOutputGradient: packed };
}
