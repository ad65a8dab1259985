import type { Plan } from '@consilium/plan';
import { expect, it } from 'vitest';
import { scaleIntensity } from './intensity.js';
import { type Picture, preprocess } from './preprocess.js';
import { resize, resizeByWeights, resizeMask } from './resize.js';

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

it('halves and quarters have a way of their own, with the same bits', () => {
  for (const [from, to] of [
    [size(12, 20), size(6, 10)],
    [size(12, 20), size(3, 5)],
  ] as const)
    for (const valueAt of [
      (i: number) => Math.sin(i) * 1000,
      (i: number) => 10 ** ((i % 50) - 25) / 3,
      (i: number) => 1e-44 * i,
    ]) {
      const picture = Float32Array.from({ length: from.height * from.width }, (_, i) => valueAt(i));
      expect(resize(picture, from, to)).toEqual(resizeByWeights(picture, from, to));
    }
  expect([...resize([1, 3, 5, 7], size(2, 2), size(1, 1))]).toEqual([4]);
});

it('a mask is set where more than half of the area was; half is not enough', () => {
  expect([...resizeMask(Uint8Array.of(1, 1, 1, 0, 0, 0), size(1, 6), size(1, 2))]).toEqual([1, 0]);
  expect([...resizeMask(Uint8Array.of(1, 0, 0, 1), size(1, 4), size(1, 2))]).toEqual([0, 0]);
  expect([...resizeMask(Uint8Array.of(1, 1, 0), size(1, 3), size(1, 2))]).toEqual([1, 0]);
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

/** A picture whose grey is 10 x row + column, and whose mask is one pixel: where a step moves it can be read off. */
function ramp(rows: number, columns: number, marked: readonly [row: number, column: number]): Picture {
  const grey = Float32Array.from({ length: rows * columns }, (_, i) => 10 * Math.floor(i / columns) + (i % columns));
  const mask = new Uint8Array(rows * columns);
  mask[marked[0] * columns + marked[1]] = 1;
  return { rows, columns, grey, mask };
}

/** A window that divides by 100 and cuts nothing of the ramp. */
const HUNDREDTHS = { kind: 'window', centre: 50, width: 100 } as const;
const plan = (steps: Partial<Plan['preprocessing']> & { height: number; width: number }): Plan['preprocessing'] => ({
  fit: 'stretch',
  intensity: HUNDREDTHS,
  ...steps,
});
const hundredfold = (image: Float32Array) =>
  rounded(
    image.map((v) => v * 100),
    3,
  );

it('a crop around the centre cuts, and pads with zeros where the picture is smaller; the mask moves along', () => {
  const how = plan({ height: 2, width: 6, crop: { kind: 'centre', height: 2, width: 6 } });
  const { image, mask } = preprocess(ramp(5, 4, [2, 3]), how);
  expect(hundredfold(image)).toEqual([0, 10, 11, 12, 13, 0, 0, 20, 21, 22, 23, 0]);
  expect([...mask!]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
});

it('a crop in mm keeps the same area whatever the pixel spacing', () => {
  const how = plan({ height: 2, width: 2, crop: { kind: 'centre-mm', heightMm: 4, widthMm: 2 } });
  const fine = { ...ramp(8, 8, [2, 3]), spacingMm: { row: 1, column: 0.5 } };
  // Rows 2 to 5 and columns 2 to 5 in pairs: the means are at 2.5 and 4.5.
  expect(hundredfold(preprocess(fine, how).image)).toEqual([27.5, 29.5, 47.5, 49.5]);
  const coarse = { ...ramp(4, 4, [0, 0]), spacingMm: { row: 2, column: 1 } };
  expect(hundredfold(preprocess(coarse, how).image)).toEqual([11, 12, 21, 22]);
  // After resampling, the new spacing counts.
  const resampled = plan({ ...how, spacingMm: { row: 2, column: 1 } });
  expect(hundredfold(preprocess(fine, resampled).image)).toEqual([27.5, 29.5, 47.5, 49.5]);
});

it('resampling to a spacing averages over areas, masks by more than half of it', () => {
  const how = plan({ height: 2, width: 2, spacingMm: { row: 1, column: 1 } });
  const { image, mask } = preprocess({ ...ramp(4, 2, [0, 0]), spacingMm: { row: 0.5, column: 1 } }, how);
  expect(hundredfold(image)).toEqual([5, 6, 25, 26]);
  expect([...mask!]).toEqual([0, 0, 0, 0]);
  const both = { ...ramp(4, 2, [2, 1]), spacingMm: { row: 0.5, column: 1 } };
  both.mask![7] = 1;
  expect([...preprocess(both, how).mask!]).toEqual([0, 0, 0, 1]);
});

it('a picture without the spacing that the plan needs is unsuitable, and so is a spacing that would fill the memory', () => {
  const unsuitable = expect.objectContaining({ code: 'DATASET_UNSUITABLE' });
  const steps = [
    plan({ height: 2, width: 2, spacingMm: { row: 1, column: 1 } }),
    plan({ height: 2, width: 2, crop: { kind: 'centre-mm', heightMm: 4, widthMm: 4 } }),
  ];
  for (const how of steps) expect(() => preprocess(ramp(4, 4, [0, 0]), how)).toThrow(unsuitable);
  const huge = { ...ramp(4, 4, [0, 0]), spacingMm: { row: 1e6, column: 1 } };
  expect(() => preprocess(huge, steps[0]!)).toThrow(unsuitable);
  const tiny = { ...ramp(4, 4, [0, 0]), spacingMm: { row: 1e-6, column: 1 } };
  expect(() => preprocess(tiny, steps[1]!)).toThrow(unsuitable);
});

it('crops to the foreground of the modality values, not of what a window leaves', () => {
  const picture = ramp(6, 6, [3, 3]);
  picture.grey.fill(-1000);
  for (const i of [14, 15, 20, 21]) picture.grey[i] = 30; // rows 2 and 3, columns 2 and 3
  picture.grey[14] = 300;
  const how = plan({
    height: 2,
    width: 2,
    intensity: { kind: 'window', centre: 300, width: 10 },
    crop: { kind: 'foreground', marginPixels: 0 },
  });
  const { image, mask } = preprocess(picture, how);
  expect([...image]).toEqual([0.5, 0, 0, 0]);
  expect([...mask!]).toEqual([0, 0, 0, 1]);
});

it('fits by cutting: the picture covers the frame, and what juts out is cut evenly', () => {
  const wide = preprocess(ramp(2, 6, [1, 3]), plan({ height: 2, width: 2, fit: 'crop' }));
  expect(hundredfold(wide.image)).toEqual([2, 3, 12, 13]);
  expect([...wide.mask!]).toEqual([0, 0, 0, 1]);
  const high = preprocess(ramp(8, 2, [0, 0]), plan({ height: 1, width: 1, fit: 'crop' }));
  expect(hundredfold(high.image)).toEqual([35.5]); // the mean of rows 3 and 4
});

it('takes the steps in their order: a speck is gone before the percentiles look', () => {
  const picture = { ...ramp(9, 9, [0, 0]), mask: undefined };
  picture.grey[40] = 1e6;
  const how = plan({ height: 9, width: 9, intensity: { kind: 'min-max' }, denoise: { kind: 'median', radius: 1 } });
  const { image, mask } = preprocess(picture, how);
  expect(mask).toBeUndefined();
  expect(image[0]).toBe(0);
  expect(image[40]).toBeGreaterThan(0.3);
  expect(preprocess(picture, plan({ ...how, denoise: { kind: 'gaussian', sigmaPixels: 1 } })).image[0]).toBeLessThan(
    0.01,
  );
  const contrast = preprocess(picture, plan({ ...how, contrast: { kind: 'equalise' } })).image;
  expect(contrast[40]).not.toBe(image[40]);
});

it('every step together, on pictures down to one pixel, gives finite values of the size that was asked for', () => {
  for (const [rows, columns] of [
    [1, 1],
    [1, 40],
    [33, 2],
    [64, 48],
  ] as const)
    for (const fit of ['stretch', 'pad', 'crop'] as const) {
      const how = plan({
        ...size(16, 24),
        fit,
        intensity: { kind: 'percentile', low: 1, high: 99 },
        denoise: { kind: 'gaussian', sigmaPixels: 1.5 },
        spacingMm: { row: 0.9, column: 1.1 },
        contrast: { kind: 'clahe', tiles: 8, clipLimit: 2 },
        crop: { kind: 'foreground', marginPixels: 1 },
      });
      const { image, mask } = preprocess({ ...ramp(rows, columns, [0, 0]), spacingMm: { row: 1, column: 1 } }, how);
      expect([image.length, mask!.length]).toEqual([16 * 24, 16 * 24]);
      expect(image.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
});
