import { loadCodecs, openImage, readImage, TRANSFER_SYNTAX } from '@consilium/dicom';
import { beforeAll, expect, it } from 'vitest';
import { loadEncodings } from './encoders.js';
import { type PhantomVariant, phantomVariants } from './phantom-variants.js';

let variants: PhantomVariant[] = [];
beforeAll(async () => {
  variants = await phantomVariants(64);
});

it('each picture is there in each transfer syntax that fits it, under a name and an instance of its own', async () => {
  const encodings = await loadEncodings();
  // Four pictures in all but baseline JPEG, one in all of them; five plain syntaxes.
  const plain = Object.keys(TRANSFER_SYNTAX).length;
  expect(variants).toHaveLength(4 * (plain + encodings.length - 1) + plain + encodings.length);
  expect(new Set(variants.map(({ name }) => name)).size).toBe(variants.length);
  expect(new Set(variants.map(({ transferSyntaxUid }) => transferSyntaxUid)).size).toBe(plain + encodings.length);
  for (const { stored, shape } of variants) expect(stored).toHaveLength(shape[0] * shape[1] * shape[2]);
});

it('the reader gives a lossless variant back exactly, and a lossy one nearly', async () => {
  const codecs = await loadCodecs();
  for (const { bytes, name, stored, shape, isLossless } of variants) {
    const image = readImage(bytes, codecs);
    expect([name, image.frames, image.rows, image.columns]).toEqual([name, ...shape]);
    const errors = Array.from(stored, (value, i) => Math.abs(value - image.stored[i]!));
    const range = name.startsWith('film') ? 256 : 4096;
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    if (isLossless) expect(Math.max(...errors), name).toBe(0);
    else expect(mean / range, name).toBeLessThan(0.05);
    if (name.endsWith('jpeg-ls-near')) expect(Math.max(...errors)).toBe(3);
  }
});

it('an enhanced volume has an intercept of its own for every frame', async () => {
  const codecs = await loadCodecs();
  for (const { bytes } of variants.filter(({ name }) => name.startsWith('enhanced'))) {
    const open = openImage(bytes, codecs);
    expect([0, 1, 2, 3, 4].map((k) => open.readFrame(k).rescaleIntercept)).toEqual([-1024, -1025, -1026, -1027, -1028]);
  }
});

it('the same matrix gives the same bytes', async () => {
  const again = await phantomVariants(64);
  const differences = again.map(({ bytes }, k) => Buffer.compare(bytes, variants[k]!.bytes));
  expect(differences).toEqual(new Array(variants.length).fill(0));
});
