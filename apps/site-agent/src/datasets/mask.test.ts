import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { readMask } from './mask.js';

const png = (channels: number, data: number[]) =>
  encode({ width: 2, height: 2, channels, depth: 8, data: Uint8Array.from(data) });

it('takes the one colour that is not black, and does not look at alpha', () => {
  expect([...readMask(png(1, [0, 128, 128, 0]), 2, 2)]).toEqual([0, 1, 1, 0]);
  expect([...readMask(png(2, [0, 255, 3, 0, 0, 255, 3, 255]), 2, 2)]).toEqual([0, 1, 0, 1]);
  expect([...readMask(png(3, [0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 7]), 2, 2)]).toEqual([0, 1, 0, 1]);
  expect([...readMask(png(4, [0, 0, 0, 255, 1, 2, 0, 0, 0, 0, 0, 9, 1, 2, 0, 255]), 2, 2)]).toEqual([0, 1, 0, 1]);
  expect([...readMask(png(1, [9, 9, 9, 9]), 2, 2)]).toEqual([1, 1, 1, 1]);
});

it('refuses what several values mean, and what only alpha says', () => {
  const codeOf = (code: string) => expect.objectContaining({ code });
  for (const [channels, values] of [
    [1, [0, 1, 2, 0]],
    [1, [255, 254, 255, 255]],
    [3, [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 0]],
  ] as const)
    expect(() => readMask(png(channels, [...values]), 2, 2)).toThrow(codeOf('MASK_MANY_VALUED'));
  for (const grey of [0, 255])
    expect(() => readMask(png(2, [grey, 0, grey, 255, grey, 255, grey, 0]), 2, 2)).toThrow(codeOf('MASK_IN_ALPHA'));
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
