import { randomFrom } from '@consilium/models';
import { expect, it } from 'vitest';
import { drawTransformation, UNCHANGED, writeTransformed } from './augment.js';
import { cutIntoBatches, readBatch, shuffledOrder } from './batches.js';
import { segmentationPlan } from './training.fixture.js';

const random = (name: string) => randomFrom(Buffer.from(name));

it('an order holds every number once, depends on the seed, and puts each number everywhere', () => {
  const order = shuffledOrder(50, random('a'));
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(shuffledOrder(50, random('a'))).toEqual(order);
  expect(shuffledOrder(50, random('b'))).not.toEqual(order);
  const stream = random('c');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) counts[shuffledOrder(4, stream).indexOf(0)]!++;
  // Standard deviation of a count: sqrt(4000 * 3/16) = 27.
  for (const n of counts) expect(Math.abs(n - 1000)).toBeLessThan(4 * 27);
});

it('the last batch keeps what is left; a single example joins the batch before where that is asked for', () => {
  const order = [4, 2, 0, 3, 1];
  expect(cutIntoBatches(order, 3, false)).toEqual([
    [4, 2, 0],
    [3, 1],
  ]);
  expect(cutIntoBatches(order, 2, false)).toEqual([[4, 2], [0, 3], [1]]);
  expect(cutIntoBatches(order, 2, true)).toEqual([
    [4, 2],
    [0, 3, 1],
  ]);
  expect(cutIntoBatches([7], 2, true)).toEqual([[7]]);
});

const picture = Float32Array.from([1, 2, 3, 4, 5, 6]);
const mask = Uint8Array.from([0, 0, 255, 1, 0, 0]);
const size = { height: 2, width: 3 };

it.each([
  ['mirrored left to right', { mirrorX: true }, [3, 2, 1, 6, 5, 4], [1, 0, 0, 0, 0, 1]],
  ['mirrored top to bottom', { mirrorY: true }, [4, 5, 6, 1, 2, 3], [1, 0, 0, 0, 0, 1]],
  ['shifted right and down', { shiftX: 1, shiftY: 1 }, [0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 0]],
  ['mirrored, then shifted left', { mirrorX: true, shiftX: -2 }, [1, 0, 0, 4, 0, 0], [0, 0, 0, 1, 0, 0]],
  ['brighter', { factor: 2, offset: -1 }, [1, 3, 5, 7, 9, 11], [0, 0, 1, 1, 0, 0]],
])('picture and mask %s move together', (_, change, expectedImage, expectedMask) => {
  const [image, masked] = [new Float32Array(6), new Float32Array(6)];
  writeTransformed({ image: picture, mask }, size, { ...UNCHANGED, ...change }, image, masked);
  expect(Array.from(image)).toEqual(expectedImage);
  expect(Array.from(masked)).toEqual(expectedMask);
});

it('draws stay within what the plan allows, and reach both ends', () => {
  const stream = random('draws');
  const all = Array.from({ length: 2000 }, () =>
    drawTransformation({ flip: 'both', shiftPixels: 3, intensityJitter: 0.2 }, stream),
  );
  for (const key of ['shiftX', 'shiftY'] as const)
    expect(new Set(all.map((t) => t[key]))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
  for (const key of ['mirrorX', 'mirrorY'] as const) {
    const share = all.filter((t) => t[key]).length / all.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.05);
  }
  expect(Math.min(...all.map((t) => t.factor))).toBeGreaterThanOrEqual(0.8);
  expect(Math.min(...all.map((t) => t.factor))).toBeLessThan(0.81);
  expect(Math.max(...all.map((t) => t.offset))).toBeLessThanOrEqual(0.2);
  expect(Math.max(...all.map((t) => t.offset))).toBeGreaterThan(0.19);
  const none = drawTransformation({ flip: 'none', shiftPixels: 0, intensityJitter: 0 }, stream);
  expect(none).toEqual(UNCHANGED);
  const horizontal = { flip: 'horizontal', shiftPixels: 0, intensityJitter: 0 } as const;
  expect(Array.from({ length: 50 }, () => drawTransformation(horizontal, stream)).some((t) => t.mirrorY)).toBe(false);
});

it('refuses an example of another size, or without what the plan asks for', () => {
  const plan = segmentationPlan();
  const right = { image: new Float32Array(256), mask: new Uint8Array(256) };
  const source = (example: object) => ({ count: 1, read: () => example as typeof right });
  expect(readBatch(plan, source(right), [0]).count).toBe(1);
  const unsuitable = expect.objectContaining({ code: 'DATASET_UNSUITABLE' });
  expect(() => readBatch(plan, source({ ...right, image: new Float32Array(255) }), [0])).toThrow(unsuitable);
  expect(() => readBatch(plan, source({ image: right.image }), [0])).toThrow(unsuitable);
});
