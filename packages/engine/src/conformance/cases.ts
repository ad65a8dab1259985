import type { Engine, NormalisationOptions, Tensor, Tensor1D, Tensor4D } from '../engine.js';
import { ELEMENTWISE_CASES } from './elementwise-cases.js';
import { LOSS_CASES } from './loss-cases.js';
import { PRODUCT_CASES } from './product-cases.js';
import { random } from './random-tensor.js';
import { SPREAD_CASES } from './spread-cases.js';
import { VOLUME_CASES } from './volume-cases.js';

/** What every back end must do alike: a name, and the tensors that it gives (outputs first, then gradients). */
export interface Case {
  readonly name: string;
  compute(engine: Engine): Tensor[];
}

type Pair = readonly [number, number];
type Pad = 'same' | 'valid' | number | [Pair, Pair, Pair, Pair];

/** images, height, width, channels, filters, filter size, stride, padding. */
type Convolution = readonly [number, number, number, number, number, number | Pair, number | Pair, Pad];

/** Winograd: edges, and channels that are no multiple of 4 or 8. */
const WINOGRAD: Convolution[] = [
  [2, 16, 16, 8, 16, 3, 1, 'same'],
  [2, 7, 9, 5, 6, 3, 1, 'same'],
  [3, 13, 6, 12, 20, 3, 1, 'same'],
  [1, 1, 1, 4, 4, 3, 1, 'same'],
  [1, 4, 4, 40, 24, 3, 1, 'same'],
  [1, 33, 17, 8, 8, 3, 1, 'same'],
  [2, 9, 11, 6, 10, 3, 1, 'valid'],
  [1, 3, 3, 8, 8, 3, 1, 'valid'],
  [1, 8, 8, 4, 4, 3, 1, 2],
];

/** Direct: few channels, other sizes, every kind of stride and padding. */
const DIRECT: Convolution[] = [
  [1, 5, 5, 3, 13, 3, 1, 'same'],
  [2, 3, 2, 1, 1, 3, 1, 'same'],
  [2, 16, 16, 1, 16, 3, 1, 'same'],
  [2, 9, 9, 8, 2, 3, 1, 'same'],
  [2, 16, 16, 6, 8, 3, 2, 'same'],
  [2, 15, 15, 8, 8, 3, 2, 'same'],
  [2, 15, 12, 8, 24, 3, 2, 'same'],
  [2, 16, 16, 8, 8, 3, 2, 1],
  [2, 16, 16, 8, 8, 1, 1, 'same'],
  [2, 16, 16, 8, 24, 1, 2, 'same'],
  [2, 15, 13, 5, 7, 1, 3, 'same'],
  [2, 16, 16, 16, 1, 1, 1, 'same'],
  [2, 7, 5, 6, 5, 1, 1, 'same'],
  [2, 16, 16, 1, 12, 7, 2, 'same'],
  [2, 16, 16, 8, 8, 2, 2, 'same'],
  [3, 18, 18, 2, 8, 5, 3, 'same'],
  [2, 11, 7, 4, 8, 5, 1, 'same'],
  [1, 9, 9, 8, 8, 2, 2, 'valid'],
  [2, 9, 8, 3, 5, [3, 1], [1, 2], 'same'],
  [2, 8, 11, 8, 8, [2, 5], [3, 1], 'valid'],
  [
    1,
    9,
    8,
    5,
    9,
    3,
    [2, 1],
    [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
  ],
];

/** images, height, width, channels, filters of a transposed convolution, 2x2 with stride 2. */
const TRANSPOSED = [
  [2, 4, 4, 16, 8],
  [1, 3, 5, 6, 4],
  [1, 2, 3, 5, 3],
] as const;

/** height, window, stride, channels, padding. */
const POOLING = [
  [8, 2, 2, 4, 'same'],
  [9, 2, 2, 8, 'same'],
  [16, 3, 2, 6, 'same'],
  [7, 3, 1, 4, 'valid'],
  [8, 2, 2, 3, 'same'],
  [9, 3, 2, 1, 'same'],
] as const;

/** images, height, width, channels, groups. */
const NORMALISATION = [
  [4, 9, 7, 16, 8],
  [1, 5, 5, 8, 2],
  [2, 33, 3, 6, 3],
  [3, 4, 4, 3, 1],
  [2, 7, 5, 1, 1],
] as const;

/** Axes of the sums of a [2, 3, 1, 5, 6] tensor: one run, the ends, the middle, and scattered ones. */
const SUM_AXES = [undefined, [0], [4], [1, 2], [0, 1, 2, 3], [0, 4], [1, 4], [0, 3], [2]] as const;

/** The cases by what they are about: outputs and gradients of every operation, losses, steps of the optimizers. */
export const CASE_GROUPS = {
  convolution: [
    ...[...WINOGRAD, ...DIRECT].map(convolution),
    ...TRANSPOSED.map(transposedConvolution),
    ...SPREAD_CASES,
  ],
  volumes: VOLUME_CASES,
  pooling: POOLING.map(pooling),
  normalisation: NORMALISATION.flatMap(normalisations),
  sums: SUM_AXES.map((axes) => sums(axes)),
  products: PRODUCT_CASES,
  elementwise: [...ELEMENTWISE_CASES, { name: 'concat, split along the last axis', compute: concatenation }],
  losses: LOSS_CASES,
  optimizers: [
    { name: 'five steps of AdamW', compute: adamSteps },
    { name: 'five steps of gradient descent, with momentum and without', compute: momentumSteps },
    { name: 'norm over many gradients', compute: gradientNorm },
  ],
} as const satisfies Record<string, readonly Case[]>;

export const CASES: readonly Case[] = Object.values(CASE_GROUPS).flat();

function convolution([n, h, w, c, k, size, stride, pad]: Convolution): Case {
  const [kh, kw] = typeof size === 'number' ? [size, size] : size;
  const padding = pad as 'same';
  return {
    name: `conv2d ${n}x${h}x${w}x${c} -> ${k}, filter ${kh}x${kw}, stride ${stride}, pad ${pad}`,
    compute: (engine) => {
      const { tf } = engine;
      const run = (x: Tensor, filter: Tensor) =>
        tf.conv2d(x as Tensor4D, filter as Tensor4D, stride as [number, number], padding);
      const inputs = [random(engine, [n, h, w, c], 1), random(engine, [kh, kw, c, k], 2, Math.sqrt(2 / (kh * kw * c)))];
      const y = run(inputs[0]!, inputs[1]!);
      return [y, ...tf.grads(run)(inputs, random(engine, y.shape, 3))];
    },
  };
}

function transposedConvolution([n, h, w, c, k]: readonly [number, number, number, number, number]): Case {
  return {
    name: `conv2dTranspose 2x2/2 of ${n}x${h}x${w}x${c} -> ${k}`,
    compute: (engine) => {
      const { tf } = engine;
      const run = (x: Tensor, filter: Tensor) =>
        tf.conv2dTranspose(x as Tensor4D, filter as Tensor4D, [n, 2 * h, 2 * w, k], 2, 'same');
      const inputs = [random(engine, [n, h, w, c], 1), random(engine, [2, 2, k, c], 2)];
      const y = run(inputs[0]!, inputs[1]!);
      return [y, ...tf.grads(run)(inputs, random(engine, y.shape, 3))];
    },
  };
}

function pooling([size, window, stride, c, pad]: (typeof POOLING)[number]): Case {
  return {
    name: `gradient of maxPool ${window}x${window}/${stride} of ${size}x${size}x${c}, pad ${pad}, with ties`,
    compute: (engine) => {
      const { tf } = engine;
      const x = tf.round(tf.mul(random(engine, [2, size, size, c], 5), 2)) as Tensor4D;
      const run = (t: Tensor) => tf.maxPool(t as Tensor4D, window, stride, pad);
      const y = run(x);
      return [y, tf.grad(run)(x, random(engine, y.shape, 6))];
    },
  };
}

function normalisations([n, h, w, c, groups]: readonly [number, number, number, number, number]): Case[] {
  const kinds = [
    { kind: 'batch', relu: true },
    { kind: 'batch', relu: false },
    { kind: 'group', relu: true },
    { kind: 'group', relu: false },
  ] as const;
  return kinds.map(({ kind, relu }) => ({
    name: `${kind} normalisation${relu ? ' and ReLU' : ''} of ${n}x${h}x${w}x${c}, ${groups} groups`,
    compute: (engine) => {
      const { tf } = engine;
      const options: NormalisationOptions = { kind, groups, epsilon: 1e-5, relu };
      const x = tf.add(tf.mul(random(engine, [n, h, w, c], 1), 3), 10) as Tensor4D;
      const [scale, shift] = [random(engine, [c], 2), random(engine, [c], 3)];
      const run = (a: Tensor, b: Tensor, d: Tensor) =>
        engine.normalise(a as Tensor4D, b as Tensor1D, d as Tensor1D, options);
      const { y, mean, reciprocalStdDev } = run(x, scale, shift);
      const gradients = tf.grads((a, b, d) => run(a!, b!, d!).y)([x, scale, shift], random(engine, x.shape, 4));
      if (kind === 'group') return [y, mean, reciprocalStdDev, ...gradients];
      const running = { mean: scale as Tensor1D, variance: tf.square(shift) as Tensor1D };
      const next = engine.runningStatistics(running, { y, mean, reciprocalStdDev }, options.epsilon, 0.9);
      return [y, mean, reciprocalStdDev, next.mean, next.variance, ...gradients];
    },
  }));
}

function sums(axes: readonly number[] | undefined): Case {
  return {
    name: `sum and mean over axes ${axes ?? 'all'}`,
    compute: (engine) => {
      const { tf } = engine;
      const x = random(engine, [2, 3, 1, 5, 6], 1);
      const axis = axes && [...axes];
      return [tf.sum(x, axis), tf.sum(x, axis, true), tf.mean(x, axis), tf.mean(x, axis, true)];
    },
  };
}

function concatenation(engine: Engine): Tensor[] {
  const { tf } = engine;
  const parts = [random(engine, [2, 3, 5, 8], 1), random(engine, [2, 3, 5, 4], 2), random(engine, [2, 3, 5, 3], 3)];
  const run = (...tensors: Tensor[]) => tf.square(tf.concat(tensors, 3));
  return [run(...parts), ...tf.grads(run)(parts)];
}

function adamSteps(engine: Engine): Tensor[] {
  const { tf } = engine;
  return [[37, 9], [1], [2500]].map((shape) => {
    const [variable, firstMoment, secondMoment] = [
      tf.variable(random(engine, shape, 1)),
      tf.variable(tf.zeros(shape)),
      tf.variable(tf.zeros(shape)),
    ];
    const rates = {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.05,
      gradientFactor: 0.7,
    };
    for (let step = 1; step <= 5; step++) {
      const gradient = random(engine, shape, 10 + step);
      engine.adamStep({ variable, gradient, firstMoment, secondMoment, ...rates, step });
    }
    const weights = tf.mul(variable, 1);
    tf.dispose([variable, firstMoment, secondMoment]);
    return weights;
  });
}

function momentumSteps(engine: Engine): Tensor[] {
  const { tf } = engine;
  return [[37, 9], [1], [2500]].flatMap((shape) =>
    [tf.variable(tf.zeros(shape)), undefined].map((velocity) => {
      const variable = tf.variable(random(engine, shape, 1));
      const rates = { learningRate: 0.1, momentum: 0.9, gradientFactor: 0.7, ...(velocity && { velocity }) };
      for (let step = 1; step <= 5; step++)
        engine.momentumStep({ variable, gradient: random(engine, shape, 10 + step), ...rates });
      const weights = tf.mul(variable, 1);
      tf.dispose(velocity ? [variable, velocity] : [variable]);
      return weights;
    }),
  );
}

function gradientNorm(engine: Engine): Tensor[] {
  const shapes = [[], [1], [3, 3, 5, 7], [100_003], [65_536]];
  return [engine.gradientNorm(shapes.map((shape, i) => random(engine, shape, 1 + i)))];
}
