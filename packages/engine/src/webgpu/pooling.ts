import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { type KernelArguments, replaceKernel } from '../replace-kernel.js';
import { perOutput } from './program.js';
import type { Uniform, WebgpuBackend } from './upstream.js';

interface PoolingAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: number | 'same' | 'valid';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * Upstream gives the gradient to the last of equal maxima, every other back end to the first; after a ReLU, equal zeros
 * are common.
 */
export function registerPooling(tf: Tf): void {
  replaceKernel(tf, 'webgpu', 'MaxPoolGrad', (args, upstream) => maxPoolGradient(tf, args) ?? upstream(args));
}

function maxPoolGradient(tf: Tf, { inputs, attrs, backend }: KernelArguments): TensorInfo {
  const { dy, input: x } = inputs;
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolingAttributes;
  const shape = x!.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const numbers = [
    [info.outHeight, info.outWidth],
    [info.filterHeight, info.filterWidth],
    [info.strideHeight, info.strideWidth],
    [info.padInfo.top, info.padInfo.left],
  ].map((data): Uniform => ({ type: 'int32', data }));
  const program = perOutput(shape, { name: 'max_pool_gradient', variableNames: ['dy', 'x'], uniforms, code });
  return (backend as WebgpuBackend).runWebGPUProgram(program, [dy!, x!], 'float32', numbers);
}

const uniforms = 'windows : vec2<i32>, filterSize : vec2<i32>, strides : vec2<i32>, pads : vec2<i32>,';

/** Each input value looks into every window that covers it, whether it is the first maximum there. */
const code = `
  fn firstMaximum(image : i32, corner : vec2<i32>, channel : i32) -> i32 {
    let low = max(corner, vec2<i32>(0));
    let high = min(corner + uniforms.filterSize, uniforms.xShape.yz);
    var best = -1;
    var largest = 0.0;
    for (var row = low.x; row < high.x; row = row + 1) {
      for (var column = low.y; column < high.y; column = column + 1) {
        let at = ((image * uniforms.xShape.y + row) * uniforms.xShape.z + column) * uniforms.xShape.w + channel;
        if (best < 0 || f32(x[at]) > largest) {
          best = at;
          largest = f32(x[at]);
        }
      }
    }
    return best;
  }
  fn main(index : i32) {
    if (index >= uniforms.size) { return; }
    let coords = getCoordsFromIndex(index);
    let place = coords.yz + uniforms.pads;
    let first = max((place - uniforms.filterSize + uniforms.strides) / uniforms.strides, vec2<i32>(0));
    let last = min(place / uniforms.strides, uniforms.windows - vec2<i32>(1));
    var sum = 0.0;
    for (var row = first.x; row <= last.x; row = row + 1) {
      for (var column = first.y; column <= last.y; column = column + 1) {
        let corner = vec2<i32>(row, column) * uniforms.strides - uniforms.pads;
        if (firstMaximum(coords.x, corner, coords.w) == index) {
          sum = sum + f32(dy[((coords.x * uniforms.windows.x + row) * uniforms.windows.y + column) * uniforms.xShape.w + coords.w]);
        }
      }
    }
    result[index] = sum;
  }
`;
