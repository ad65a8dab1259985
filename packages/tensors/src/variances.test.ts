import { expect, it } from 'vitest';
import type { Layout } from './layout.js';
import { liftVariances, requireVariances, varianceRanges } from './variances.js';

const entry = (name: string, length: number, role: 'weight' | 'running-statistic') =>
  ({ name, shape: [length], dtype: 'float32', role, trainable: role === 'weight', scope: 'shared' }) as const;
const LAYOUT: Layout = [
  entry('a.filter', 3, 'weight'),
  entry('a.running-mean', 2, 'running-statistic'),
  entry('a.running-variance', 2, 'running-statistic'),
  entry('b.running-variance', 1, 'weight'),
  entry('c.running-variance', 2, 'running-statistic'),
];
const RANGES = varianceRanges(LAYOUT);

it('finds the running variances of a layout by role and name', () => {
  expect(RANGES).toEqual([
    { parameter: 'a.running-variance', start: 5, end: 7 },
    { parameter: 'c.running-variance', start: 8, end: 10 },
  ]);
});

it.each([
  [5, -1e-9, 'a.running-variance'],
  [6, Number.NaN, 'a.running-variance'],
  [8, Number.POSITIVE_INFINITY, 'c.running-variance'],
  [9, -2, 'c.running-variance'],
])('refuses the value %i of %d and names its parameter', (at, value, parameter) => {
  const values = new Float32Array(10).fill(-7);
  for (const range of RANGES) values.fill(0, range.start, range.end);
  expect(() => requireVariances(RANGES, values)).not.toThrow();
  values[at] = value;
  const refusal = expect.objectContaining({ code: 'MODEL_VARIANCE_INVALID', detail: { parameter } });
  expect(() => requireVariances(RANGES, values)).toThrow(refusal);
  // The same in the chunk that holds it, and nothing in the others.
  for (const [start, end] of [
    [0, 6],
    [6, 9],
    [9, 10],
  ] as const) {
    const check = () => requireVariances(RANGES, values.slice(start, end), start);
    if (at >= start && at < end) expect(check).toThrow(refusal);
    else expect(check).not.toThrow();
  }
});

it('lifts what rounding left below zero, and nothing else', () => {
  const values = Float32Array.of(-1, -2, -3, -1e-9);
  liftVariances(RANGES, values, 3);
  expect([...values]).toEqual([-1, -2, 0, 0]);
});
