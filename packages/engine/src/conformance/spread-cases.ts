import type { Engine, Tensor, Tensor4D } from '../engine.js';
import type { Case } from './cases.js';
import { random } from './random-tensor.js';

type Pair = readonly [number, number];

/** images, height, width, channels, filters, filter size, dilation, padding. */
const DILATED = [
  [2, 16, 16, 8, 16, 3, 2, 'same'],
  [1, 13, 10, 5, 6, 3, 3, 'same'],
  [2, 5, 7, 4, 8, 3, 4, 'same'],
  [1, 12, 15, 3, 5, 3, [2, 3], 'valid'],
  [1, 11, 9, 6, 4, [2, 5], 2, 'same'],
  [1, 9, 9, 8, 8, 3, 2, 1],
] as const;

/** images, height, width, channels, filters a channel, filter size, stride, dilation, padding. */
const DEPTHWISE = [
  [2, 8, 8, 8, 1, 3, 1, 1, 'same'],
  [1, 9, 7, 5, 1, 3, 2, 1, 'same'],
  [2, 7, 8, 6, 2, 3, 1, 1, 'valid'],
  [1, 10, 11, 3, 3, 5, 3, 1, 'same'],
  [1, 6, 6, 4, 1, [1, 4], 2, 1, 'same'],
  [2, 5, 4, 9, 1, 3, 1, 1, 2],
] as const;

/** Convolutions whose taps lie apart, in space or in channels. */
export const SPREAD_CASES: Case[] = [
  ...DILATED.map(dilated),
  ...DEPTHWISE.map(depthwise),
  { name: 'depthwise convolution, dilated, forward', compute: dilatedDepthwise },
];

function dilated([n, h, w, c, k, size, dilation, pad]: (typeof DILATED)[number]): Case {
  const [kh, kw] = pair(size);
  return {
    name: `conv2d ${n}x${h}x${w}x${c} -> ${k}, filter ${kh}x${kw}, dilation ${dilation}, pad ${pad}`,
    compute: (engine) => {
      const { tf } = engine;
      const run = (x: Tensor, filter: Tensor) =>
        tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, pad, 'NHWC', [...pair(dilation)]);
      return withGradients(engine, run, [random(engine, [n, h, w, c], 1), random(engine, [kh, kw, c, k], 2, 0.2)]);
    },
  };
}

function depthwise([n, h, w, c, times, size, stride, dilation, pad]: (typeof DEPTHWISE)[number]): Case {
  const [kh, kw] = pair(size);
  return {
    name: `depthwise ${n}x${h}x${w}x${c} x ${times}, filter ${kh}x${kw}, stride ${stride}, pad ${pad}`,
    compute: (engine) => {
      const { tf } = engine;
      const run = (x: Tensor, filter: Tensor) =>
        tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, stride, pad as 'same', 'NHWC', dilation);
      return withGradients(engine, run, [random(engine, [n, h, w, c], 1), random(engine, [kh, kw, c, times], 2)]);
    },
  };
}

function dilatedDepthwise(engine: Engine): Tensor[] {
  const { tf } = engine;
  const inputs = [random(engine, [2, 9, 10, 6], 1), random(engine, [3, 3, 6, 2], 2)] as [Tensor4D, Tensor4D];
  return [tf.depthwiseConv2d(...inputs, 1, 'same', 'NHWC', [2, 3])];
}

function withGradients(engine: Engine, run: (...t: Tensor[]) => Tensor, inputs: Tensor[]): Tensor[] {
  const y = run(...inputs);
  return [y, ...engine.tf.grads(run)(inputs, random(engine, y.shape, 3))];
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}
