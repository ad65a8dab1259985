import { expect, it } from 'vitest';
import { rasterise } from './rasterise.js';

const polygon = (...points: [row: number, column: number][]) => Float64Array.from(points.flat());
const picture = (mask: Uint8Array, columns: number) =>
  Array.from({ length: mask.length / columns }, (_, row) =>
    [...mask.subarray(row * columns, (row + 1) * columns)].map((value) => '.#'[value]).join(''),
  );

const OUTER = polygon([-0.5, -0.5], [-0.5, 4.5], [4.5, 4.5], [4.5, -0.5]);
const INNER = polygon([1.5, 1.5], [1.5, 2.5], [2.5, 2.5], [2.5, 1.5]);

it('a polygon inside another is a hole, whichever comes first and whichever way it turns', () => {
  const ring = ['#####.', '#####.', '##.##.', '#####.', '#####.'];
  expect(picture(rasterise([OUTER, INNER], 5, 6), 6)).toEqual(ring);
  expect(picture(rasterise([INNER, OUTER], 5, 6), 6)).toEqual(ring);
});

it('a keyhole leaves out what it encircles', () => {
  const keyhole = polygon(
    ...([
      [-0.5, -0.5],
      [-0.5, 4.5],
      [4.5, 4.5],
      [4.5, -0.5],
      [2, -0.5],
    ] as [number, number][]),
    ...([
      [2, 1.5],
      [2.5, 1.5],
      [2.5, 2.5],
      [1.5, 2.5],
      [1.5, 1.5],
      [2, 1.5],
      [2, -0.5],
    ] as [number, number][]),
  );
  expect(picture(rasterise([keyhole], 5, 5), 5)).toEqual(['#####', '#####', '##.##', '#####', '#####']);
});

it('polygons that touch share no pixel and leave none out', () => {
  const left = polygon([0, 0], [0, 2], [3, 2], [3, 0]);
  const right = polygon([0, 2], [0, 5], [3, 5], [3, 2]);
  const [a, b] = [rasterise([left], 3, 5), rasterise([right], 3, 5)];
  expect(a.map((value, i) => value + b[i]!)).toEqual(new Uint8Array(15).fill(1));
});

it('agrees with a test of every centre, for polygons that cross themselves and the border', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const [rows, columns] = [13, 17];
  for (let round = 0; round < 200; round++) {
    const points = Float64Array.from({ length: 2 * (3 + (round % 9)) }, () => random() * 24 - 4);
    const expected = Uint8Array.from({ length: rows * columns }, (_, i) =>
      isInside(points, Math.floor(i / columns), i % columns) ? 1 : 0,
    );
    expect(rasterise([points], rows, columns), `round ${round}`).toEqual(expected);
  }
});

/** Counts the edges that a ray to the left crosses. */
function isInside(points: Float64Array, row: number, column: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    const [r1, c1, r2, c2] = [points[i]!, points[i + 1]!, points[j]!, points[j + 1]!];
    if (r1 > row !== r2 > row && column >= c1 + ((row - r1) * (c2 - c1)) / (r2 - r1)) inside = !inside;
  }
  return inside;
}

it('lines and points enclose nothing', () => {
  expect(rasterise([polygon([1, 1]), polygon([0, 0], [3, 3]), new Float64Array()], 4, 4)).toEqual(new Uint8Array(16));
});

it('refuses a contour that would take minutes, before it takes them', () => {
  const zigzag = Float64Array.from({ length: 200_000 }, (_, i) => (i % 4 === 0 ? 0 : 60_000));
  const startMs = performance.now();
  expect(() => rasterise([zigzag], 60_000, 8)).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
  expect(performance.now() - startMs).toBeLessThan(2000);
});
