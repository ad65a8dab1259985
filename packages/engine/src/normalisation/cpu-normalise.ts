import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { NormalisationOptions, Tf } from '../engine.js';
import { NORMALISE, NORMALISE_GRADIENT } from './normalise.js';
import { averageSets, normalisationLayout, rowStart } from './statistics.js';

/** The reference: plain loops in float64, one pass per quantity, two passes for the variance. */
export function registerCpuNormalise(tf: Tf): void {
  if (tf.getKernel(NORMALISE, 'cpu')) return;
  tf.registerKernel(cpuKernel(NORMALISE, forward));
  tf.registerKernel(cpuKernel(NORMALISE_GRADIENT, gradient));
}

type Inputs = Record<string, TensorInfo>;
type Values = (name: string) => Float32Array;
type Output = readonly [shape: number[], values: Float32Array];

function cpuKernel(
  kernelName: string,
  compute: (values: Values, shape: number[], options: NormalisationOptions) => Output[],
): KernelConfig {
  return {
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const cpu = backend as MathBackendCPU;
      const tensors = inputs as Inputs;
      const values: Values = (name) => cpu.data.get(tensors[name]!.dataId).values as Float32Array;
      return compute(values, tensors.x!.shape, attrs as unknown as NormalisationOptions).map(([shape, data]) =>
        cpu.makeTensorInfo(shape, 'float32', data),
      );
    },
  };
}

function forward(values: Values, shape: number[], options: NormalisationOptions): Output[] {
  const layout = normalisationLayout(shape, options);
  const { images, pixels, channels, rows } = layout;
  const [x, scale, shift] = [values('x'), values('scale'), values('shift')];
  const sums = new Float64Array(rows * channels);
  const squares = new Float64Array(rows * channels);
  const each = (visit: (i: number, row: number, channel: number) => void): void => {
    let i = 0;
    for (let image = 0; image < images; image++) {
      const row = rowStart(layout, image);
      for (let pixel = 0; pixel < pixels; pixel++) for (let c = 0; c < channels; c++) visit(i++, row + c, c);
    }
  };
  each((i, r) => {
    sums[r]! += x[i]!;
  });
  const mean = averageSets(sums, layout);
  each((i, r) => {
    squares[r]! += (x[i]! - mean[r]!) ** 2;
  });
  const reciprocal = averageSets(squares, layout).map((variance) => 1 / Math.sqrt(variance + options.epsilon));
  const y = new Float32Array(x.length);
  each((i, r, c) => {
    const value = (x[i]! - mean[r]!) * reciprocal[r]! * scale[c]! + shift[c]!;
    y[i] = options.relu && value < 0 ? 0 : value;
  });
  return [
    [shape, y],
    [[rows, channels], Float32Array.from(mean)],
    [[rows, channels], Float32Array.from(reciprocal)],
  ];
}

function gradient(values: Values, shape: number[], options: NormalisationOptions): Output[] {
  const layout = normalisationLayout(shape, options);
  const { images, pixels, channels, rows } = layout;
  const [dy, x, scale, shift] = [values('dy'), values('x'), values('scale'), values('shift')];
  const [mean, reciprocal] = [values('mean'), values('reciprocalStdDev')];
  const dScale = new Float64Array(channels);
  const dShift = new Float64Array(channels);
  const meanOfD = new Float64Array(rows * channels);
  const meanOfDxHat = new Float64Array(rows * channels);
  /** Visits every element with d = dy behind the ReLU and the normalised value. */
  const each = (visit: (i: number, row: number, channel: number, d: number, xHat: number) => void): void => {
    let i = 0;
    for (let image = 0; image < images; image++) {
      const first = rowStart(layout, image);
      for (let pixel = 0; pixel < pixels; pixel++) {
        for (let c = 0; c < channels; c++, i++) {
          const xHat = (x[i]! - mean[first + c]!) * reciprocal[first + c]!;
          const passes = !options.relu || xHat * scale[c]! + shift[c]! > 0;
          visit(i, first + c, c, passes ? dy[i]! : 0, xHat);
        }
      }
    }
  };
  each((_, row, c, d, xHat) => {
    dShift[c]! += d;
    dScale[c]! += d * xHat;
    meanOfD[row]! += d * scale[c]!;
    meanOfDxHat[row]! += d * xHat * scale[c]!;
  });
  averageSets(meanOfD, layout);
  averageSets(meanOfDxHat, layout);
  const dx = new Float32Array(x.length);
  each((i, row, c, d, xHat) => {
    dx[i] = reciprocal[row]! * (d * scale[c]! - meanOfD[row]! - xHat * meanOfDxHat[row]!);
  });
  return [
    [shape, dx],
    [[channels], Float32Array.from(dScale)],
    [[channels], Float32Array.from(dShift)],
  ];
}
