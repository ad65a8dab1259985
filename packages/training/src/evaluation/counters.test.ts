import { expect, it } from 'vitest';
import { classificationCounter } from './classification-counter.js';
import { segmentationCounter } from './segmentation-counter.js';

it('counts pixels and Dice film by film, and leaves empty films out of the Dice', () => {
  const counter = segmentationCounter();
  // Predicted at pixels 0, 1, 2 (a logit of zero is a score of .5); drawn at 1, 2, 4.
  counter.add(Float32Array.from([2, 0.1, 0, -0.1, -3, -9]), [0, 1, 1, 0, 1, 0]);
  counter.add(Float32Array.from([-1, -1, -1, -1, -1, -1]), [0, 0, 0, 0, 0, 0]);
  counter.add(Float32Array.from([-1, -1, -1, -1, -1, -1]), [0, 0, 0, 0, 0, 7]);
  expect(counter.statistics()).toEqual({
    kind: 'segmentation',
    films: 3,
    structures: [
      {
        emptyFilms: 1,
        diceSumMicro: 666_667,
        iouSumMicro: 500_000,
        truePositivePixels: 2,
        falsePositivePixels: 1,
        falseNegativePixels: 2,
        trueNegativePixels: 13,
      },
    ],
  });
});

it('puts scores on the nearest point of the grid and predictions into the confusion', () => {
  const counter = classificationCounter(2, 11);
  const logit = (p: number): number => Math.log(p / (1 - p));
  counter.add(Float32Array.from([0, logit(0.76)]), 1);
  counter.add(Float32Array.from([0, logit(0.74)]), 0);
  counter.add(Float32Array.from([100, -100]), 0);
  counter.add(Float32Array.from([-100, 100]), 1);
  const { examples, classes, confusion } = counter.statistics();
  expect(examples).toBe(4);
  expect(confusion).toEqual([1, 1, 0, 2]);
  const points = (counts: readonly number[]) => counts.flatMap((n, i) => (n > 0 ? [[i, n]] : []));
  expect(points(classes[1]!.positives)).toEqual([
    [8, 1],
    [10, 1],
  ]);
  expect(points(classes[1]!.negatives)).toEqual([
    [0, 1],
    [7, 1],
  ]);
  expect(points(classes[0]!.positives)).toEqual([
    [3, 1],
    [10, 1],
  ]);
});

it('refuses a score that is not a number', () => {
  expect(() => classificationCounter(2, 11).add(Float32Array.from([0, Number.NaN]), 1)).toThrow(
    expect.objectContaining({ code: 'CANDIDATE_NOT_FINITE' }),
  );
});
