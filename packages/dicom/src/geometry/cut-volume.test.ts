import { expect, it } from 'vitest';
import { cutAcross } from './cut-volume.js';

const line = (...values: number[]) => Float32Array.from(values);

it('puts the last slice at the top, and is linear between slices and between pixels', () => {
  const slices = { lines: [line(0, 8), line(16, 24)], alongMm: [10, 14], spacingMm: 4, pixelMm: 2 };
  const { rows, columns, grey } = cutAcross(slices, 2);
  expect([rows, columns]).toEqual([4, 2]);
  // Row centres are at 15, 13, 11 and 9 mm; slices at 14 and 10.
  expect([...grey]).toEqual([16, 24, 12, 20, 4, 12, 0, 8]);
  expect([...cutAcross({ ...slices, lines: [line(0, 8), line(0, 8)] }, 1).grey.slice(0, 4)]).toEqual([0, 2, 6, 8]);
});

it('leaves a gap where slices are missing as dark as the darkest pixel', () => {
  const slices = { lines: [line(5), line(7), line(9)], alongMm: [0, 1, 4], spacingMm: 1, pixelMm: 1 };
  expect([...cutAcross(slices, 1).grey]).toEqual([9, 5, 5, 7, 5]);
});

it('takes a slice alone, or places that are no even grid', () => {
  expect(cutAcross({ lines: [line(3, 4)], alongMm: [7], spacingMm: 2, pixelMm: 1 }, 1)).toEqual({
    rows: 2,
    columns: 2,
    grey: line(3, 4, 3, 4),
  });
  const uneven = { lines: [line(0), line(10), line(20)], alongMm: [0, 1, 2.4], spacingMm: 1, pixelMm: 1 };
  const { grey } = cutAcross(uneven, 0.1);
  for (let i = 1; i < grey.length; i++) expect(grey[i]!).toBeLessThanOrEqual(grey[i - 1]!);
});
