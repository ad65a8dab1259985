import { expect, it } from 'vitest';
import { type Contour, maskContours } from './mask-contours.js';

/** Even-odd filling by pixel centre, written apart from the outlines. */
function filled(contours: readonly Contour[], rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let crossings = 0;
    for (const points of contours) {
      for (let k = 0; k < points.length; k += 2) {
        const [x1, y1] = [points[k]!, points[k + 1]!];
        const [x2, y2] = [points[(k + 2) % points.length]!, points[(k + 3) % points.length]!];
        if (y1 > row !== y2 > row && column < x1 + ((row - y1) / (y2 - y1)) * (x2 - x1)) crossings++;
      }
    }
    return crossings % 2;
  });
}

it('a single pixel is a diamond, seen clockwise', () => {
  const [contour, ...others] = maskContours([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 3, 4);
  expect(others).toEqual([]);
  expect(contour).toHaveLength(8);
  expect(new Set(contour!.map((_, i) => (i % 2 === 0 ? `${contour![i]},${contour![i + 1]}` : '')))).toEqual(
    new Set(['', '1,0.5', '1.5,1', '1,1.5', '0.5,1']),
  );
});

it('straight edges have no points between their ends', () => {
  expect(maskContours(new Array(20).fill(1), 4, 5)[0]).toHaveLength(16);
});

it('a hole is a contour of its own, and parts that touch at a corner are two', () => {
  const ring = [1, 1, 1, 1, 0, 1, 1, 1, 1];
  expect(maskContours(ring, 3, 3)).toHaveLength(2);
  expect(maskContours([1, 0, 0, 1], 2, 2)).toHaveLength(2);
});

it('filling gives every mask back: 200 random ones, full and empty ones', () => {
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let n = 0; n < 200; n++) {
    const [rows, columns] = [1 + Math.floor(random() * 9), 1 + Math.floor(random() * 9)];
    const share = n < 2 ? n : random();
    const mask = Array.from({ length: rows * columns }, () => (random() < share ? 1 : 0));
    expect(filled(maskContours(mask, rows, columns), rows, columns)).toEqual(mask);
  }
});
