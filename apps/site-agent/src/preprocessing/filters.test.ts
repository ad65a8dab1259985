import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clahe } from './clahe.js';
import { equalise } from './equalise.js';
import { foregroundBox, foregroundOf } from './foreground.js';
import { gaussianFilter } from './gaussian-filter.js';
import { scaleIntensity } from './intensity.js';
import { medianFilter } from './median-filter.js';

/** NumPy's and SciPy's answers for one picture of 7 by 9; golden/filters.py makes them. */
const GOLDEN = JSON.parse(readFileSync(new URL('golden/filters.json', import.meta.url), 'utf8')) as Record<
  string,
  number[]
>;
const golden = (name: string) => Float32Array.from(GOLDEN[name]!);
const size = { height: 7, width: 9 };
const picture = golden('picture');
const unit = scaleIntensity(picture, { kind: 'min-max' });

const STEPS: readonly (readonly [name: string, made: () => Float32Array | Uint8Array])[] = [
  ['gaussian 0.5', () => gaussianFilter(picture, size, 0.5)],
  ['gaussian 1.3', () => gaussianFilter(picture, size, 1.3)],
  ['gaussian 3', () => gaussianFilter(picture, size, 3)],
  ['median 1', () => medianFilter(picture, size, 1)],
  ['median 2', () => medianFilter(picture, size, 2)],
  ['median 3', () => medianFilter(picture, size, 3)],
  ['foreground', () => foregroundOf(picture)],
  ['z-score', () => scaleIntensity(picture, { kind: 'z-score' })],
  ['z-score over foreground', () => scaleIntensity(picture, { kind: 'z-score', over: 'foreground' })],
  ['equalise', () => equalise(unit)],
  ['clahe 2, 4', () => clahe(unit, size, { tiles: 2, clipLimit: 4 })],
  ['clahe 3, 40', () => clahe(unit, size, { tiles: 3, clipLimit: 40 })],
];

it.each(STEPS)('%s is what NumPy and SciPy give', (name, make) => {
  const before = picture.slice();
  const made = make();
  const expected = golden(name);
  expect(made).toHaveLength(expected.length);
  expect(Math.max(...made.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(2e-6);
  expect(make()).toEqual(made);
  expect(picture).toEqual(before);
});

const FILTERS = {
  gaussian: (grey: Float32Array, of: { height: number; width: number }) => gaussianFilter(grey, of, 2),
  'median 1': (grey: Float32Array, of: { height: number; width: number }) => medianFilter(grey, of, 1),
  'median 3': (grey: Float32Array, of: { height: number; width: number }) => medianFilter(grey, of, 3),
  equalise,
  clahe: (grey: Float32Array, of: { height: number; width: number }) => clahe(grey, of, { tiles: 8, clipLimit: 2 }),
};

it.each(Object.entries(FILTERS))('%s leaves a picture of one value as it is, down to one pixel', (_name, filter) => {
  for (const of of [
    { height: 1, width: 1 },
    { height: 1, width: 6 },
    { height: 5, width: 2 },
  ])
    for (const value of [0, 0.3, 1]) {
      const flat = new Float32Array(of.height * of.width).fill(value);
      for (const pixel of filter(flat, of)) expect(pixel).toBeCloseTo(value, 6);
    }
});

it('the median takes a single wrong pixel out and keeps an edge; the Gaussian blurs both', () => {
  const edge = Float32Array.from({ length: 49 }, (_, i) => (i % 7 < 4 ? 2 : 8));
  const square = { height: 7, width: 7 };
  const specked = edge.slice();
  specked[3 * 7 + 1] = 500;
  for (const radius of [1, 2, 3]) expect(medianFilter(specked, square, radius)).toEqual(edge);
  expect(gaussianFilter(specked, square, 1)[3 * 7 + 1]!).toBeGreaterThan(50);
});

it('equalising gives every quarter of the greys a quarter of the pixels, and keeps their order', () => {
  const skewed = Float32Array.from({ length: 4096 }, (_, i) => (i / 4095) ** 4);
  const spread = equalise(skewed);
  const quarters = [0, 1, 2, 3].map((q) => spread.filter((v) => v >= q / 4 && v < (q + 1) / 4).length);
  for (const count of quarters) expect(Math.abs(count - 1024)).toBeLessThan(20);
  for (let i = 1; i < spread.length; i++) expect(spread[i]!).toBeGreaterThanOrEqual(spread[i - 1]!);
  expect([spread[0], spread[4095]]).toEqual([0, 1]);
});

it('the limit decides how much CLAHE makes of faint contrast: at 1 nothing', () => {
  const faint = Float32Array.from({ length: 64 * 64 }, (_, i) => 0.5 + 0.02 * Math.sin(i * 0.7));
  const square = { height: 64, width: 64 };
  const rangeAt = (clipLimit: number) => {
    const values = clahe(faint, square, { tiles: 4, clipLimit });
    return Math.max(...values) - Math.min(...values);
  };
  expect(rangeAt(1)).toBeCloseTo(0.04, 5);
  expect(rangeAt(4)).toBeGreaterThan(0.1);
  expect(rangeAt(4)).toBeLessThan(0.17); // at most four times as steep
  expect(rangeAt(100)).toBeGreaterThan(0.85);
});

it('foreground is what is bright, and its box has a margin as far as the picture goes', () => {
  const size = { height: 8, width: 10 };
  const grey = new Float32Array(80).fill(-1000);
  for (const i of [24, 25, 34, 35, 46, 55]) grey[i] = 40; // a square, and two pixels that touch by corners only
  expect(foregroundOf(grey).reduce((a, b) => a + b)).toBe(6);
  expect(foregroundBox(grey, size, 0)).toEqual({ top: 2, left: 4, height: 4, width: 3 });
  expect(foregroundBox(grey, size, 3)).toEqual({ top: 0, left: 1, height: 8, width: 9 });
  expect(foregroundBox(new Float32Array(80).fill(7), size, 2)).toEqual({ top: 0, left: 0, height: 8, width: 10 });
});

it('regions far smaller than the largest do not widen the box: a tenth of it still does', () => {
  const size = { height: 30, width: 30 };
  const drawn = (specks: number) =>
    Float32Array.from({ length: 900 }, (_, i) => {
      const [y, x] = [Math.floor(i / 30), i % 30];
      const isBody = y >= 5 && y < 15 && x >= 5 && x < 15;
      return isBody || (y === 28 && x < specks) ? 100 : 0;
    });
  expect(foregroundBox(drawn(9), size, 0)).toEqual({ top: 5, left: 5, height: 10, width: 10 });
  expect(foregroundBox(drawn(10), size, 0)).toEqual({ top: 5, left: 0, height: 24, width: 15 });
});
