import type { WasmContext } from './context.js';
import type { ConvolutionSizes } from './convolution-sizes.js';
import { directFilterGradient, directForward, directInputGradient } from './direct-convolution.js';
import { isNarrowPointwise, narrowFilterGradient } from './pointwise-convolution.js';
import {
  isWinograd,
  winogradFilterGradient,
  winogradForward,
  winogradInputGradient,
  winogradShape,
} from './winograd.js';

// With the kernels that suit the sizes; all are addresses.

export function convolve(context: WasmContext, sizes: ConvolutionSizes, x: number, w: number, y: number): void {
  if (isWinograd(sizes)) winogradForward(context, winogradShape(sizes), x, w, y);
  else directForward(context, sizes, x, w, y);
}

export function inputGradient(context: WasmContext, sizes: ConvolutionSizes, dy: number, w: number, dx: number): void {
  if (isWinograd(sizes)) winogradInputGradient(context, winogradShape(sizes), dy, w, dx);
  else directInputGradient(context, sizes, dy, w, dx);
}

export function filterGradient(context: WasmContext, sizes: ConvolutionSizes, x: number, dy: number, dw: number): void {
  if (isWinograd(sizes)) winogradFilterGradient(context, winogradShape(sizes), x, dy, dw);
  else if (isNarrowPointwise(sizes)) narrowFilterGradient(context, sizes, x, dy, dw);
  else directFilterGradient(context, sizes, x, dy, dw);
}
