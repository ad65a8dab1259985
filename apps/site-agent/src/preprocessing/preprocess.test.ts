import { expect, it } from 'vitest';
import { percentile, scaleIntensity } from './intensity.js';
import { preprocess } from './preprocess.js';
import { resize, resizeMask } from './resize.js';

const size = (height: number, width: number) => ({ height, width });
const rounded = (values: Iterable<number>, digits = 6) => [...values].map((v) => Number(v.toFixed(digits)));

it('makes a picture smaller by the mean of the area, also where pixels are cut', () => {
  expect([...resize([1, 3, 5, 7, 2, 4, 6, 8], size(2, 4), size(1, 2))]).toEqual([2.5, 6.5]);
  // Three pixels onto two: each output covers one and a half.
  expect(rounded(resize([3, 6, 30], size(1, 3), size(1, 2)))).toEqual([4, 22]);
  expect(rounded(resize([1, 2, 3, 4, 5], size(5, 1), size(2, 1)))).toEqual([1.8, 4.2]);
});

it('makes a picture larger linearly between pixel centres, and repeats its edges', () => {
  expect([...resize([0, 8], size(1, 2), size(1, 4))]).toEqual([0, 2, 6, 8]);
  expect([...resize([5], size(1, 1), size(2, 2))]).toEqual([5, 5, 5, 5]);
});

it('keeps a constant picture constant and the mean of a picture that gets smaller', () => {
  for (const value of resize(new Float32Array(35).fill(0.3), size(5, 7), size(3, 4))) expect(value).toBeCloseTo(0.3, 6);
  const picture = Float32Array.from({ length: 70 }, (_, i) => (i * 37) % 11);
  const mean = (values: Float32Array) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(resize(picture, size(7, 10), size(3, 4)))).toBeCloseTo(mean(picture), 5);
});

it('a mask is set where more than half of the area was; half is not enough', () => {
  expect([...resizeMask(Uint8Array.of(1, 1, 1, 0, 0, 0), size(1, 6), size(1, 2))]).toEqual([1, 0]);
  expect([...resizeMask(Uint8Array.of(1, 0, 0, 1), size(1, 4), size(1, 2))]).toEqual([0, 0]);
  expect([...resizeMask(Uint8Array.of(1, 1, 0), size(1, 3), size(1, 2))]).toEqual([1, 0]);
});

it('percentiles are linear between ranks, as in numpy.percentile', () => {
  const sorted = Float32Array.of(1, 2, 4, 8);
  expect(percentile(sorted, 0)).toBe(1);
  expect(percentile(sorted, 50)).toBe(3);
  expect(percentile(sorted, 90)).toBeCloseTo(6.8, 10); // numpy.percentile([1, 2, 4, 8], 90)
  expect(percentile(sorted, 100)).toBe(8);
});

it('scales by percentile, by z-score and by window', () => {
  const grey = Float32Array.of(10, 30, 20, 40, 50);
  expect([...scaleIntensity(grey, { kind: 'percentile', low: 25, high: 75 })]).toEqual([0, 0.5, 0, 1, 1]);
  // Mean 30, population standard deviation sqrt(200).
  const deviations = [-Math.SQRT2, 0, -Math.SQRT1_2, Math.SQRT1_2, Math.SQRT2];
  expect(rounded(scaleIntensity(grey, { kind: 'z-score' }))).toEqual(rounded(deviations));
  expect([...scaleIntensity(grey, { kind: 'window', centre: 25, width: 20 })]).toEqual([0, 0.75, 0.25, 1, 1]);
});

it('a picture of one value becomes zero', () => {
  const flat = new Float32Array(4).fill(7);
  expect([...scaleIntensity(flat, { kind: 'percentile', low: 1, high: 99 })]).toEqual([0, 0, 0, 0]);
  expect([...scaleIntensity(flat, { kind: 'z-score' })]).toEqual([0, 0, 0, 0]);
});

it('pads a picture of another ratio with zeros on both sides, in picture and mask alike', () => {
  const picture = {
    rows: 2,
    columns: 4,
    grey: Float32Array.of(0, 4, 4, 0, 0, 4, 4, 0),
    mask: new Uint8Array(8).fill(1),
  };
  const how = { ...size(4, 4), fit: 'pad' as const, intensity: { kind: 'window' as const, centre: 2, width: 4 } };
  const { image, mask } = preprocess(picture, how);
  expect([...image]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  expect([...mask!]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  const stretched = preprocess(picture, { ...how, fit: 'stretch' });
  expect([...stretched.image.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
  expect([...stretched.mask!]).toEqual(new Array(16).fill(1));
});
