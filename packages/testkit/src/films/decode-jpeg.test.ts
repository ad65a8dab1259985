import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { decodeGreyJpeg } from './decode-jpeg.js';

/** A grey 8 x 8 JPEG: one block, DC -64 * 8 with quantiser 8, no AC; made by hand after T.81. */
function flatJpeg(dcBits: number[]): Uint8Array {
  const quantisation = [0xff, 0xdb, 0, 67, 0, ...new Array(64).fill(8)];
  const frame = [0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
  const counts = (at: number) => Array.from({ length: 16 }, (_, i) => (i === at ? 1 : 0));
  // One code each: '0' means a DC difference of seven bits, '0' means end of block.
  const dc = [0xff, 0xc4, 0, 20, 0x00, ...counts(0), 7];
  const ac = [0xff, 0xc4, 0, 20, 0x10, ...counts(0), 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Uint8Array.from([0xff, 0xd8, ...quantisation, ...frame, ...dc, ...ac, ...scan, ...dcBits, 0xff, 0xd9]);
}

it('decodes a block worked out by hand', () => {
  // '0' '0111111' = -64 (EXTEND of 63 in seven bits), then '0' and ones to fill: -64 * 8 / 8 + 128 = 64.
  const { rows, columns, grey } = decodeGreyJpeg(flatJpeg([0b00111111, 0b01111111]));
  expect([rows, columns]).toEqual([8, 8]);
  expect([...grey]).toEqual(new Array(64).fill(64));
});

it('refuses what it cannot decode, in its own words', () => {
  const good = flatJpeg([0b00111111, 0b01111111]);
  for (let length = 0; length < good.length - 4; length++) {
    expect(() => decodeGreyJpeg(good.subarray(0, length))).toThrow(ConsiliumError);
  }
  const progressive = Uint8Array.from(good);
  progressive[good.indexOf(0xc0)] = 0xc2;
  expect(() => decodeGreyJpeg(progressive)).toThrow(ConsiliumError);
});

const film = new URL('../../../../../shared/data/cxr/images/guangzhou/IM-0313-0001.jpg', import.meta.url);
if (!existsSync(film)) console.warn('skipped: a real JPEG film (../shared/data/cxr is absent)');

it.skipIf(!existsSync(film))('decodes a real film, within one grey level of libjpeg', () => {
  const { rows, columns, grey } = decodeGreyJpeg(readFileSync(film));
  expect([rows, columns]).toEqual([224, 224]);
  expect(createHash('sha256').update(grey).digest('hex')).toBe(
    'bb54c9564b518aede5c7ded145dffd5f87b3404af491722f91381b6b4d8a37cb',
  );
});
