import type { Scalar, Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Engine, startEngine } from '../index.js';
import { checkpoint } from './checkpoint.js';
import { variableGradients } from './variable-gradients.js';

let engine: Engine;
let filters: Variable[];
let x: Tensor4D;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 1 });
  const { tf } = engine;
  filters = [1, 2, 3].map((seed) => tf.variable(tf.randomNormal([3, 3, 4, 4], 0, 0.3, 'float32', seed), true));
  x = tf.randomNormal([2, 12, 12, 4], 0, 1, 'float32', 9);
});
afterAll(() => engine.stop());

const layer = (input: Tensor4D, i: number) => engine.tf.relu(engine.tf.conv2d(input, filters[i] as never, 1, 'same'));
/** Two layers around which the signal also goes, so that derivatives add up. */
const loss = (): Scalar => {
  const { tf } = engine;
  const first = layer(x, 0);
  return tf.sum(tf.square(tf.add(layer(layer(first, 1), 2), first)));
};
const valuesOf = (tensors: readonly { dataSync(): unknown }[]) => tensors.map((t) => t.dataSync());

it('gives the bytes of TensorFlow.js, leaves no tensor, and holds fewer on the way', () => {
  const { tf } = engine;
  const stock = tf.variableGrads(loss, filters);
  const before = tf.memory().numTensors;
  const own = variableGradients(tf, loss, filters);
  expect(tf.memory().numTensors - before).toBe(1 + filters.length);
  expect(valuesOf(own.gradients)).toEqual(valuesOf(filters.map((f) => stock.grads[f.name]!)));
  expect(own.value.dataSync()).toEqual(stock.value.dataSync());
  tf.dispose([own.value, own.gradients, stock.value, Object.values(stock.grads)]);

  /** Tensors that exist when back-propagation comes to the first layer, its last. */
  const heldAtTheEnd = (gradientsOf: (f: () => Scalar) => object) => {
    let held = 0;
    const first = tf.customGrad((a) => ({
      value: tf.mul(a as Tensor4D, 2),
      gradFunc: (dy: Tensor) => {
        held = tf.memory().numTensors;
        return tf.mul(dy, 2);
      },
    }));
    const twice = () => tf.sum(tf.square(layer(layer(first(filters[0]!) as Tensor4D, 1), 2))) as Scalar;
    tf.dispose(gradientsOf(twice) as never);
    return held;
  };
  const ofStock = heldAtTheEnd((f) => tf.variableGrads(f, filters));
  expect(heldAtTheEnd((f) => variableGradients(tf, f, filters))).toBeLessThan(ofStock - 6);
});

it('an operation may hand its derivative on as it is, to both of its inputs', () => {
  const { tf } = engine;
  const sum = tf.customGrad((a, b) => ({
    value: tf.add(a as Tensor4D, b as Tensor4D),
    gradFunc: (dy: Tensor) => [dy, dy],
  }));
  const f = () => tf.sum(tf.square(sum(layer(x, 0), layer(x, 1)))) as Scalar;
  const plain = () => tf.sum(tf.square(tf.add(layer(x, 0), layer(x, 1)))) as Scalar;
  const two = filters.slice(0, 2);
  const expected = tf.variableGrads(plain, two);
  const before = tf.memory().numTensors;
  const { value, gradients } = variableGradients(tf, f, two);
  expect(valuesOf(gradients)).toEqual(valuesOf(two.map((v) => expected.grads[v.name]!)));
  tf.dispose([value, gradients]);
  expect(tf.memory().numTensors).toBe(before);
});

it('a checkpoint gives the same bytes, computes its block twice, and keeps only what went in', () => {
  const { tf } = engine;
  const calls: boolean[] = [];
  const block = (input: Tensor4D, isRepeated: boolean) => {
    calls.push(isRepeated);
    return layer(layer(input, 1), 2);
  };
  const around = (inner: (first: Tensor4D) => Tensor4D) => (): Scalar => {
    const first = layer(x, 0);
    return tf.sum(tf.square(tf.add(inner(first), first)));
  };
  const plain = variableGradients(
    tf,
    around((first) => layer(layer(first, 1), 2) as Tensor4D),
    filters,
  );
  const before = tf.memory().numTensors;
  let heldForward = 0;
  const outer = around((first) => {
    const held = tf.memory().numTensors;
    const y = checkpoint(tf, first, filters.slice(1), (input, again) => block(input as Tensor4D, again));
    heldForward = tf.memory().numTensors - held;
    return y as Tensor4D;
  });
  const recomputed = variableGradients(tf, outer, filters);
  expect(calls).toEqual([false, true]);
  expect(heldForward).toBe(2); // the output, and the input once more
  expect(valuesOf(recomputed.gradients)).toEqual(valuesOf(plain.gradients));
  tf.dispose([recomputed.value, recomputed.gradients]);
  expect(tf.memory().numTensors).toBe(before);
});
