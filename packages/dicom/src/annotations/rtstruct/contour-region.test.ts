import { expect, it } from 'vitest';
import { type PlanarContour, regionOf } from './contour-region.js';

const contour = (...points: [row: number, column: number][]): PlanarContour => ({
  polygon: Float64Array.from(points.flat()),
  isXor: false,
});
/** Around the centres of so many pixels. */
const box = (top: number, left: number, rows: number, columns: number): PlanarContour =>
  contour(
    [top - 0.5, left - 0.5],
    [top - 0.5, left + columns - 0.5],
    [top + rows - 0.5, left + columns - 0.5],
    [top + rows - 0.5, left - 0.5],
  );
const xor = (one: PlanarContour): PlanarContour => ({ ...one, isXor: true });
const reversed = ({ polygon, isXor }: PlanarContour): PlanarContour => ({
  polygon: Float64Array.from(
    Array.from({ length: polygon.length / 2 }, (_, i) => [...polygon.subarray(2 * i, 2 * i + 2)])
      .reverse()
      .flat(),
  ),
  isXor,
});
const shifted = ({ polygon, isXor }: PlanarContour, by: number): PlanarContour => ({
  polygon: polygon.map((value) => value + by),
  isXor,
});
const area = (...contours: PlanarContour[]) => regionOf(contours, 30, 30).reduce((sum, value) => sum + value, 0);

const OUTER = box(4, 4, 12, 12);
const HOLE = box(7, 7, 6, 6);
const ISLAND = box(9, 9, 2, 2);

it('a contour that is written twice counts once, whichever way it turns and a quarter of a pixel off', () => {
  expect(area(OUTER, OUTER)).toBe(144);
  expect(area(OUTER, reversed(OUTER), OUTER)).toBe(144);
  expect(area(OUTER, shifted(OUTER, 0.1))).toBe(144);
  expect(area(OUTER, HOLE, HOLE)).toBe(108);
});

it('a contour wholly inside another is a hole, and one in the hole an island', () => {
  for (const order of [
    [OUTER, HOLE, ISLAND],
    [ISLAND, HOLE, OUTER],
    [HOLE, reversed(OUTER), reversed(ISLAND)],
  ]) {
    expect(area(...order)).toBe(144 - 36 + 4);
  }
  // From within, up to the line.
  expect(area(OUTER, box(4, 4, 6, 6))).toBe(108);
});

it('contours that overlap in part are united, and each keeps its own hole', () => {
  const beside = box(10, 10, 12, 12);
  expect(area(OUTER, beside)).toBe(144 + 144 - 36);
  expect(area(OUTER, box(5, 5, 3, 3), beside)).toBe(144 + 144 - 36 - 9);
  // In both: a hole in both. In one, and covered in part by the other: filled there.
  expect(area(OUTER, box(11, 11, 3, 3), beside)).toBe(144 + 144 - 36 - 9);
  expect(area(OUTER, box(7, 7, 4, 4), box(9, 9, 12, 12))).toBe(144 + 144 - 49 - 16 + 4);
});

it('contours of the kind CLOSEDPLANAR_XOR flip what they overlap, as they say', () => {
  const beside = box(10, 10, 12, 12);
  expect(area(xor(OUTER), xor(beside))).toBe(144 + 144 - 2 * 36);
  expect(area(xor(OUTER), xor(OUTER))).toBe(0);
});

it('what lies beyond the border of the picture is cut', () => {
  expect(area(box(-5, -5, 8, 8))).toBe(9);
  expect(area(box(40, 40, 8, 8))).toBe(0);
  expect(area(contour([1, 1]), contour([2, 2], [9, 9]))).toBe(0);
});
