import { expect, it } from 'vitest';
import { readImage, toGrey, toSmallGrey, uidFromName, writeImage } from '../index.js';

function frameOf(rows: number, columns: number, fields: Partial<Parameters<typeof writeImage>[0]> = {}) {
  const header = {
    sopInstanceUid: uidFromName('i'),
    studyInstanceUid: uidFromName('s'),
    seriesInstanceUid: uidFromName('e'),
  };
  const stored = Uint16Array.from({ length: rows * columns }, (_, i) => (i * i * 37) % 4093);
  return readImage(writeImage({ header, rows, columns, stored, bitsStored: 12, ...fields }));
}

/** The mean of one block, counted pixel by pixel. */
function mean(grey: Float32Array, columns: number, top: number, left: number, bottom: number, right: number): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += grey[y * columns + x]!;
  return sum / ((bottom - top) * (right - left));
}

it.each([1, 2, 3, 4, 5, 40])('gives the means of the blocks, by %i, of those at the edges too', (factor) => {
  for (const [rows, columns, photometric] of [
    [13, 22, 'MONOCHROME1'],
    [13, 22, 'MONOCHROME2'],
    [12, 20, 'MONOCHROME1'],
  ] as const) {
    const frame = frameOf(rows, columns, { photometric, rescale: { slope: 1.25, intercept: -300 } });
    const grey = toGrey(frame);
    const small = toSmallGrey(frame, factor);
    expect([small.rows, small.columns]).toEqual([Math.ceil(rows / factor), Math.ceil(columns / factor)]);
    for (let y = 0; y < small.rows; y++)
      for (let x = 0; x < small.columns; x++) {
        const [top, left] = [y * factor, x * factor];
        const expected = mean(grey, columns, top, left, Math.min(top + factor, rows), Math.min(left + factor, columns));
        expect(small.grey[y * small.columns + x]).toBeCloseTo(expected, 2);
      }
  }
});

it('leaves nothing of what toGrey does out: padding, tables, signs, colours', () => {
  const frame = frameOf(8, 8);
  const padded = { ...frame, padding: { low: frame.stored[0]!, high: frame.stored[0]! } };
  const modalityTable = { first: 0, bits: 16, entries: Uint16Array.from({ length: 4096 }, (_, i) => 65_535 - 3 * i) };
  const colour = {
    ...frame,
    rows: 4,
    columns: 4,
    samples: 3,
    photometric: 'RGB',
    stored: frame.stored.slice(0, 48),
  } as const;
  for (const one of [
    padded,
    { ...frame, modalityTable },
    { ...frame, valid: { bits: 11, isSigned: true } },
    { ...frame, valid: { bits: 9, isSigned: false } },
    colour,
  ]) {
    const grey = toGrey(one);
    expect(toSmallGrey(one, 4).grey[0]).toBeCloseTo(mean(grey, one.columns, 0, 0, 4, 4), 2);
  }
});

it('refuses a factor that is none', () => {
  for (const factor of [0, -1, 1.5, Number.NaN]) expect(() => toSmallGrey(frameOf(4, 4), factor)).toThrow(RangeError);
});
