import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { contactSheet } from './contact-sheet.js';

it('lays pictures side by side and outlines a mask', () => {
  const grey = Float32Array.from({ length: 100 }, (_, i) => i * 3 - 50);
  const mask = Uint8Array.from({ length: 100 }, (_, i) => (i % 10 >= 3 && i % 10 <= 6 && i >= 30 && i < 70 ? 1 : 0));
  const picture = { rows: 10, columns: 10, grey };
  const { width, height, data } = decode(contactSheet([picture, { ...picture, mask }, picture], { across: 2 }));
  expect([width, height]).toEqual([28, 28]);
  expect(data[0]).toBe(0); // darkest value of the first picture
  expect(data[9 * 28 + 9]).toBe(255);
  expect(data[4 * 28 + 14 + 3]).toBe(255); // outline
  expect(data[4 * 28 + 14 + 4]).toBe(data[4 * 28 + 4]); // inside the outline the picture stays
});
