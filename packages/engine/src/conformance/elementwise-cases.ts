import type { Tensor, Tensor4D, Tensor5D } from '../engine.js';
import type { Case } from './cases.js';
import { random } from './random-tensor.js';

/** Shapes of both sides: equal ones over several blocks and with an odd end, biases from either side, and upstream's. */
const SIDES = [
  [
    [3, 5, 7, 11],
    [3, 5, 7, 11],
  ],
  [
    [2, 47, 96],
    [2, 47, 96],
  ],
  [[4, 3, 6], [6]],
  [
    [1, 1, 5],
    [7, 2, 5],
  ],
  [
    [4, 3, 6],
    [4, 1, 6],
  ],
  [[9], [1]],
] as const;

/** images, height, width, channels, window, stride, padding. */
const POOLING = [
  [2, 8, 8, 4, 2, 2, 'same'],
  [1, 9, 7, 6, 3, 2, 'same'],
  [2, 9, 5, 5, 3, 1, 'valid'],
  [1, 6, 6, 8, [2, 3], [2, 1], 1],
] as const;

/** volumes, depth, height, width, channels, window, stride, padding. */
const VOLUMES = [
  [2, 4, 6, 6, 8, 2, 2, 'same'],
  [1, 5, 7, 3, 5, 2, 2, 'same'],
  [1, 5, 6, 7, 6, 3, 2, 'same'],
  [2, 4, 4, 5, 4, 3, 1, 'valid'],
] as const;

export const ELEMENTWISE_CASES: Case[] = [
  ...SIDES.map(sides),
  { name: 'relu and its gradient, 3x7x11', compute: rectified },
  ...POOLING.map(pooling),
  ...VOLUMES.map(volumes),
];

function sides([a, b]: (typeof SIDES)[number]): Case {
  return {
    name: `sum, product and square of ${a.join('x')} and ${b.join('x')}`,
    compute: (engine) => {
      const { tf } = engine;
      const inputs = [random(engine, a, 1), random(engine, b, 2)];
      const run = (x: Tensor, y: Tensor) => tf.add(tf.mul(x, y), tf.square(tf.add(x, y)));
      const y = run(inputs[0]!, inputs[1]!);
      return [y, ...tf.grads(run)(inputs, random(engine, y.shape, 3))];
    },
  };
}

function rectified(engine: Parameters<Case['compute']>[0]): Tensor[] {
  const { tf } = engine;
  const x = random(engine, [3, 7, 11], 1);
  const run = (t: Tensor) => tf.relu(t);
  return [run(x), tf.grad(run)(x, random(engine, x.shape, 2))];
}

function pooling([n, h, w, c, window, stride, pad]: (typeof POOLING)[number]): Case {
  return {
    name: `maxPool ${window}/${stride} of ${n}x${h}x${w}x${c}, pad ${pad}`,
    compute: (engine) => [
      engine.tf.maxPool(random(engine, [n, h, w, c], 1) as Tensor4D, window as [number, number], stride as 1, pad),
    ],
  };
}

function volumes([n, d, h, w, c, window, stride, pad]: (typeof VOLUMES)[number]): Case {
  return {
    name: `maxPool3d ${window}/${stride} of ${n}x${d}x${h}x${w}x${c}, pad ${pad}`,
    compute: (engine) => {
      const { tf } = engine;
      // Without ties: of equal maxima `cpu` takes the last in a volume and the first in an image.
      const x = random(engine, [n, d, h, w, c], 1);
      const run = (t: Tensor) => tf.maxPool3d(t as Tensor5D, window, stride, pad);
      const y = run(x);
      return [y, tf.grad(run)(x, random(engine, y.shape, 2))];
    },
  };
}
