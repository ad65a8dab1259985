import type { Engine, Tensor, Tensor1D, Tensor5D } from '../engine.js';
import type { Case } from './cases.js';
import { random } from './random-tensor.js';

type Triple = readonly [number, number, number];

/** volumes, depth, height, width, channels, filters, filter size, stride, padding. */
const CONVOLUTIONS = [
  // Winograd in the plane: edges, depth of one slice, channels that are no multiple of 4 or 8, every depth of a filter.
  [1, 6, 8, 8, 8, 16, 3, 1, 'same'],
  [2, 3, 7, 9, 5, 6, 3, 1, 'same'],
  [2, 4, 6, 5, 12, 9, 3, 1, 'valid'],
  [1, 1, 5, 6, 4, 8, 3, 1, 'same'],
  [2, 5, 4, 7, 6, 5, [5, 3, 3], 1, 'same'],
  [1, 4, 9, 6, 7, 8, [2, 3, 3], 1, 'same'],
  [2, 3, 6, 6, 8, 4, [1, 3, 3], 1, 'valid'],
  // In panels: 3 * 64 * 176 is above the limit.
  [1, 2, 3, 4, 64, 176, 3, 1, 'same'],
  // Direct: few channels, other sizes, every kind of stride.
  [2, 5, 6, 7, 1, 9, 3, 1, 'same'],
  [1, 4, 5, 6, 8, 3, 3, 1, 'same'],
  [1, 8, 8, 8, 8, 16, 3, 2, 'same'],
  [2, 5, 7, 6, 5, 7, 3, 2, 'same'],
  [1, 7, 6, 9, 6, 8, 3, 2, 'valid'],
  [1, 6, 7, 8, 4, 5, 3, [2, 1, 1], 'same'],
  [1, 5, 8, 6, 4, 8, 3, [1, 2, 3], 'same'],
  [2, 4, 5, 6, 16, 8, 1, 1, 'same'],
  [1, 3, 4, 5, 9, 2, 1, 1, 'same'],
  [1, 5, 6, 7, 8, 6, 1, 2, 'valid'],
  [2, 4, 4, 6, 6, 5, 2, 2, 'same'],
  [1, 7, 9, 8, 2, 8, [3, 5, 2], [1, 3, 2], 'same'],
] as const;

/** volumes, depth, height, width, channels, filters, filter size, stride of a transposed convolution. */
const TRANSPOSED = [
  [2, 2, 3, 4, 16, 8, 2, 2],
  [1, 3, 2, 3, 5, 6, 2, 2],
  [1, 3, 4, 2, 6, 3, 3, 2],
  [1, 3, 4, 5, 8, 4, 3, 1],
] as const;

/** volumes, depth, height, width, structures. */
const STRUCTURES = [
  [2, 3, 5, 7, 1],
  [2, 9, 23, 25, 3],
] as const;

/** Convolutions of volumes (elementwise-cases.ts has the maximum pooling), and what a network of them needs beside. */
export const VOLUME_CASES: Case[] = [
  ...CONVOLUTIONS.map(convolution),
  ...TRANSPOSED.map(transposed),
  ...(['batch', 'group'] as const).map(normalisation),
  ...STRUCTURES.map(losses),
  { name: 'relu, concat, split, mean and average pooling of volumes', compute: between },
];

function convolution([n, d, h, w, c, k, size, stride, pad]: (typeof CONVOLUTIONS)[number]): Case {
  const filter = triple(size);
  return {
    name: `conv3d ${n}x${d}x${h}x${w}x${c} -> ${k}, filter ${filter.join('x')}, stride ${stride}, pad ${pad}`,
    compute: (engine) => {
      const run = (x: Tensor, w: Tensor) =>
        engine.tf.conv3d(x as Tensor5D, w as Tensor5D, [...triple(stride)], pad) as Tensor;
      const taps = filter[0] * filter[1] * filter[2];
      const inputs = [
        random(engine, [n, d, h, w, c], 1),
        random(engine, [...filter, c, k], 2, Math.sqrt(2 / (taps * c))),
      ];
      return withGradients(engine, run, inputs);
    },
  };
}

function transposed([n, d, h, w, c, k, size, stride]: (typeof TRANSPOSED)[number]): Case {
  return {
    name: `conv3dTranspose ${size}/${stride} of ${n}x${d}x${h}x${w}x${c} -> ${k}`,
    compute: (engine) => {
      const shape = [n, d * stride, h * stride, w * stride, k] as [number, number, number, number, number];
      const run = (x: Tensor, filter: Tensor) =>
        engine.tf.conv3dTranspose(x as Tensor5D, filter as Tensor5D, shape, stride, 'same') as Tensor;
      return withGradients(engine, run, [
        random(engine, [n, d, h, w, c], 1),
        random(engine, [...triple(size), k, c], 2),
      ]);
    },
  };
}

function normalisation(kind: 'batch' | 'group'): Case {
  return {
    name: `${kind} normalisation and ReLU of volumes`,
    compute: (engine) => {
      const { tf } = engine;
      const options = { kind, groups: 3, epsilon: 1e-5, relu: true };
      const x = tf.add(tf.mul(random(engine, [2, 4, 5, 3, 6], 1), 3), 10);
      const inputs = [x, random(engine, [6], 2), random(engine, [6], 3)];
      const run = (a: Tensor, b: Tensor, d: Tensor) =>
        engine.normalise(a as Tensor5D, b as Tensor1D, d as Tensor1D, options);
      const { mean, reciprocalStdDev } = run(x, inputs[1]!, inputs[2]!);
      return [mean, reciprocalStdDev, ...withGradients(engine, (a, b, d) => run(a!, b!, d!).y as Tensor, inputs)];
    },
  };
}

function losses(shape: (typeof STRUCTURES)[number]): Case {
  return {
    name: `cross-entropy and Dice of ${shape.join('x')}`,
    compute: (engine) => {
      const { tf } = engine;
      const masks = tf.cast(tf.greater(random(engine, shape, 3), 0.7), 'float32') as Tensor5D;
      const run = (z: Tensor) => {
        const { crossEntropy, dice } = engine.crossEntropyAndDice(z as Tensor5D, masks);
        return tf.stack([crossEntropy, dice]);
      };
      // Apart: they are of different size.
      const [y, ...gradients] = withGradients(engine, (z) => run(z!), [random(engine, shape, 1, 5)]);
      return [...tf.unstack(y!), ...gradients];
    },
  };
}

/** Pooling without a border: in the gradient of one, `cpu` and `wasm` divide by the whole window, TensorFlow by what lies inside. */
function between(engine: Engine): Tensor[] {
  const { tf } = engine;
  const run = (a: Tensor, b: Tensor) => {
    const [left, right] = tf.split(tf.concat([tf.relu(a), b], 4), [4, 5], 4) as [Tensor5D, Tensor5D];
    return tf.add(tf.mul(tf.avgPool3d(right, 2, 2, 'valid'), 2), tf.mean(left, [1, 2, 3, 4], true)) as Tensor;
  };
  return withGradients(engine, (a, b) => run(a!, b!), [
    random(engine, [2, 4, 3, 5, 6], 1),
    random(engine, [2, 4, 3, 5, 3], 2),
  ]);
}

function withGradients(engine: Engine, run: (...t: Tensor[]) => Tensor, inputs: Tensor[]): Tensor[] {
  const y = run(...inputs);
  return [y, ...engine.tf.grads(run)(inputs, random(engine, y.shape, 3))];
}

function triple(value: number | Triple): Triple {
  return typeof value === 'number' ? [value, value, value] : value;
}
