import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { readMask } from './mask.js';

const png = (channels: number, data: number[]) =>
  encode({ width: 2, height: 2, channels, depth: 8, data: Uint8Array.from(data) });

it('takes any colour that is not black, and does not look at alpha', () => {
  expect([...readMask(png(1, [0, 1, 128, 0]), 2, 2)]).toEqual([0, 1, 1, 0]);
  expect([...readMask(png(2, [0, 255, 3, 0, 0, 255, 9, 255]), 2, 2)]).toEqual([0, 1, 0, 1]);
  expect([...readMask(png(3, [0, 0, 0, 0, 0, 7, 0, 0, 0, 255, 255, 255]), 2, 2)]).toEqual([0, 1, 0, 1]);
  expect([...readMask(png(4, [0, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 255]), 2, 2)]).toEqual([0, 1, 0, 1]);
});

it('finds another size in the head, before it would allocate for it', () => {
  const hostile = Buffer.from(png(1, [0, 0, 0, 0]));
  hostile.writeUInt32BE(0x7fffffff, 16);
  expect(() => readMask(hostile, 2, 2)).toThrow(expect.objectContaining({ code: 'MASK_SIZE_MISMATCH' }));
});

it('refuses what is not PNG and what breaks off', () => {
  const whole = png(1, [0, 1, 1, 0]);
  for (const bytes of [Buffer.from('not a picture at all, really'), whole.subarray(0, 40), new Uint8Array()])
    expect(() => readMask(bytes, 2, 2)).toThrow(expect.objectContaining({ code: 'MASK_INVALID' }));
});
