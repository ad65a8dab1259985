import type { Engine, Tensor } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openOptimizer, type Trainable } from './optimizer.js';
import type { OptimizerSpec } from './training.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

/** Two steps at learning rate .1 on a filter [1,2] and a bias [1]; the gradient is 3, -2, .5 and then half of it. */
function twoSteps(spec: OptimizerSpec, factor = 1): number[] {
  const { tf } = engine;
  const before = tf.memory().numTensors;
  const trainables: Trainable[] = [
    { variable: tf.variable(tf.tensor2d([[1, -2]])), role: 'weight' },
    { variable: tf.variable(tf.tensor1d([4])), role: 'weight' },
  ];
  const gradients = (scale: number): Tensor[] => [tf.tensor2d([[3 * scale, -2 * scale]]), tf.tensor1d([0.5 * scale])];
  const optimizer = openOptimizer(engine, spec, trainables);
  for (const scale of [1, 0.5]) {
    const g = gradients(scale);
    optimizer.step(g, factor, 0.1);
    tf.dispose(g);
  }
  const values = trainables.flatMap(({ variable }) => Array.from(variable.dataSync()));
  optimizer.dispose();
  tf.dispose(trainables.map((t) => t.variable));
  // The two tensors that the variables were made from are the test's own.
  expect(tf.memory().numTensors - before).toBe(2);
  return values;
}

const close = (values: number[], expected: number[]): void =>
  values.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i]!, 5);
  });

it('gradient descent goes learningRate * gradient down', () => {
  close(twoSteps({ kind: 'sgd', learningRate: 0.1 }), [1 - 0.45, -2 + 0.3, 4 - 0.075]);
});

it('a factor on the gradient is what clipping does', () => {
  close(twoSteps({ kind: 'sgd', learningRate: 0.1 }, 0.5), [1 - 0.225, -2 + 0.15, 4 - 0.0375]);
});

it('momentum adds the velocity of the step before', () => {
  // velocities 3, then 0.8 * 3 + 1.5 = 3.9: together 6.9
  close(twoSteps({ kind: 'momentum', learningRate: 0.1, momentum: 0.8 }), [1 - 0.69, -2 + 0.46, 4 - 0.115]);
});

it('a factor on the gradient scales what enters the velocity and the moments', () => {
  const gradient = { kind: 'momentum', learningRate: 0.1, momentum: 0.8 } as const;
  close(twoSteps(gradient, 0.5), [1 - 0.345, -2 + 0.23, 4 - 0.0575]);
  // With an epsilon of the gradient's size, Adam's step depends on the factor.
  const spec = { kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1 } as const;
  close(twoSteps(spec, 0.5), [adamByPaper(1, 1.5, 0, 1), adamByPaper(-2, -1, 0, 1), adamByPaper(4, 0.25, 0, 1)]);
});

/** Adam by its paper, in float64, for one value. */
function adamByPaper(start: number, gradient: number, decay: number, epsilon = 1e-7): number {
  let [value, m, v] = [start, 0, 0];
  [gradient, gradient / 2].forEach((g, i) => {
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    const unit = m / (1 - 0.9 ** (i + 1)) / (Math.sqrt(v / (1 - 0.99 ** (i + 1))) + epsilon);
    value -= 0.1 * (unit + decay * value);
  });
  return value;
}

it('Adam takes the steps of its paper', () => {
  const spec = { kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-7 } as const;
  close(twoSteps(spec), [adamByPaper(1, 3, 0), adamByPaper(-2, -2, 0), adamByPaper(4, 0.5, 0)]);
});

it('AdamW decays filters, and leaves biases alone', () => {
  const spec = { kind: 'adamw', learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-7, weightDecay: 0.3 } as const;
  close(twoSteps(spec), [adamByPaper(1, 3, 0.3), adamByPaper(-2, -2, 0.3), adamByPaper(4, 0.5, 0)]);
});
