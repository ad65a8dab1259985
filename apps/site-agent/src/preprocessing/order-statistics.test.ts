import { expect, it } from 'vitest';
import { percentiles } from './order-statistics.js';

it('percentiles are linear between ranks, as in numpy.percentile', () => {
  const grey = Float32Array.of(4, 1, 8, 2);
  expect(percentiles(grey, [0, 50, 100])).toEqual([1, 3, 8]);
  expect(percentiles(grey, [90])[0]).toBeCloseTo(6.8, 10); // numpy.percentile([1, 2, 4, 8], 90)
  expect(percentiles(Float32Array.of(-3.5), [0, 37, 100])).toEqual([-3.5, -3.5, -3.5]);
});

it('finds the same values as a sorted copy, whatever their signs and sizes', () => {
  const pictures = [
    Float32Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 4096) - 1024),
    Float32Array.from({ length: 4999 }, (_, i) => Math.sin(i) * 10 ** ((i % 60) - 30)),
    Float32Array.from({ length: 777 }, (_, i) => (i % 3 === 0 ? -0.5 : -0.25)),
    new Float32Array(64).fill(1e-40),
  ];
  for (const grey of pictures) {
    const sorted = grey.slice().sort();
    const percents = Array.from({ length: 101 }, (_, i) => i);
    const expected = percents.map((percent) => {
      const rank = (percent / 100) * (sorted.length - 1);
      const low = sorted[Math.floor(rank)]!;
      return low + (sorted[Math.min(Math.floor(rank) + 1, sorted.length - 1)]! - low) * (rank % 1);
    });
    expect(percentiles(grey, percents)).toEqual(expected);
  }
});

it('reads a part of a larger buffer, and leaves the picture as it was', () => {
  const whole = Float32Array.of(100, 3, 1, 2, -100);
  expect(percentiles(whole.subarray(1, 4), [0, 50, 100])).toEqual([1, 2, 3]);
  expect([...whole]).toEqual([100, 3, 1, 2, -100]);
});
