import type { Engine, Tensor, Tensor4D } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { classWeights, crossEntropyAndDice, weightedCrossEntropy } from './losses.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

/** The same loss in float64, written from its definition: one film after the other. */
function definition(logits: number[][], masks: number[][], diceShare: number): number {
  const score = (z: number): number => 1 / (1 + Math.exp(-z));
  let [crossEntropy, dice, pixels] = [0, 0, 0];
  logits.forEach((film, f) => {
    let [both, sum] = [0, 0];
    film.forEach((z, i) => {
      const y = masks[f]![i]!;
      crossEntropy -= y * Math.log(score(z)) + (1 - y) * Math.log(1 - score(z));
      both += score(z) * y;
      sum += score(z) + y;
      pixels += 1;
    });
    dice += 1 - (2 * both + 1) / (sum + 1);
  });
  return ((1 - diceShare) * crossEntropy) / pixels + (diceShare * dice) / logits.length;
}

/** Central differences of a function of many numbers. */
function numericalGradient(f: (x: number[]) => number, x: number[]): number[] {
  const h = 1e-5;
  return x.map((_, i) => {
    const at = (step: number): number => f(x.map((v, j) => (j === i ? v + step : v)));
    return (at(h) - at(-h)) / (2 * h);
  });
}

const logits = [
  [1.7, -0.4, 0.3, -2.2, 0.9, -1.1],
  [-3, 2.5, 0.8, -0.6, 1.2, -0.1],
];
const masks = [
  [1, 0, 1, 0, 0, 1],
  [0, 0, 0, 0, 0, 0],
];
const film = (flat: number[]): number[][] => [flat.slice(0, 6), flat.slice(6)];

for (const diceShare of [0, 0.3, 1]) {
  it(`cross-entropy and ${diceShare} of Dice have the value and the gradient of their definition`, () => {
    const { tf } = engine;
    const x = tf.tensor4d(logits.flat(), [2, 2, 3, 1]);
    const y = tf.tensor4d(masks.flat(), [2, 2, 3, 1]);
    const loss = (z: Tensor): Tensor => crossEntropyAndDice(engine, z as Tensor4D, y, diceShare);
    expect(loss(x).dataSync()[0]).toBeCloseTo(definition(logits, masks, diceShare), 6);
    const expected = numericalGradient((flat) => definition(film(flat), masks, diceShare), logits.flat());
    tf.grad(loss)(x)
      .dataSync()
      .forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i]!, 6);
      });
  });
}

it('the cross-entropy of a sure pixel neither overflows nor loses its gradient', () => {
  const { tf } = engine;
  const x = tf.tensor4d([200, -200, 200, -200], [1, 2, 2, 1]);
  const y = tf.tensor4d([1, 0, 0, 1], [1, 2, 2, 1]);
  const loss = (z: Tensor): Tensor => crossEntropyAndDice(engine, z as Tensor4D, y, 0);
  expect(loss(x).dataSync()[0]).toBe(100);
  expect(Array.from(tf.grad(loss)(x).dataSync())).toEqual([0, 0, 0.25, -0.25]);
});

it('weighted cross-entropy has the value and the gradient of its definition', () => {
  const { tf } = engine;
  const values = [0.2, 1.4, -0.7, 2.1, -1.3, 0.5];
  const weighted = [0, 1.5, 0, 0.4, 0, 0];
  const definitionOf = (z: number[]): number =>
    [z.slice(0, 3), z.slice(3)].reduce((sum, row, r) => {
      const total = row.reduce((s, v) => s + Math.exp(v), 0);
      return sum - row.reduce((s, v, c) => s + weighted[r * 3 + c]! * Math.log(Math.exp(v) / total), 0) / 2;
    }, 0);
  const loss = (z: Tensor): Tensor => weightedCrossEntropy(engine, z, tf.tensor2d(weighted, [2, 3]));
  const x = tf.tensor2d(values, [2, 3]);
  expect(loss(x).dataSync()[0]).toBeCloseTo(definitionOf(values), 6);
  const expected = numericalGradient(definitionOf, values);
  tf.grad(loss)(x)
    .dataSync()
    .forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 6);
    });
});

it('balanced weights are the inverse frequencies, with mean 1 over the examples', () => {
  expect(classWeights('none', [3, 1])).toEqual([1, 1]);
  expect(classWeights('balanced', [30, 10])).toEqual([40 / 60, 2]);
  expect(classWeights('balanced', [30, 0, 10])).toEqual([40 / 60, 0, 2]);
});
