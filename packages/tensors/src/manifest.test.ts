import { expect, it } from 'vitest';
import { type Layout, layoutDigest, sha256Hex } from './layout.js';
import {
  CHUNK_BYTES,
  chunkLength,
  chunksOf,
  manifestDigest,
  manifestOf,
  payloadBytes,
  payloadValues,
  requireManifestFits,
} from './manifest.js';

const layoutOf = (length: number): Layout => [
  { name: 'w', shape: [length], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' },
];

it('writes values as little-endian float32 in order', () => {
  // IEEE 754: 1.5 is 3fc00000, -2 is c0000000.
  expect(Buffer.from(payloadBytes(Float32Array.of(1.5, -2))).toString('hex')).toBe('0000c03f000000c0');
});

it('reads back values from bytes at any alignment', () => {
  const bytes = new Uint8Array([9, ...payloadBytes(Float32Array.of(1.5, -2))]);
  expect(payloadValues(bytes.subarray(1))).toEqual(Float32Array.of(1.5, -2));
  expect(() => payloadValues(bytes)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
});

it('cuts a payload into chunks of 1 MiB and a rest', () => {
  const values = Float32Array.from({ length: CHUNK_BYTES / 2 + 3 }, (_, j) => j);
  const chunks = [...chunksOf(payloadBytes(values))];
  expect(chunks.map((c) => c.byteLength)).toEqual([CHUNK_BYTES, CHUNK_BYTES, 12]);
  expect(chunks.map((_, i) => chunkLength(values.byteLength, i))).toEqual([CHUNK_BYTES, CHUNK_BYTES, 12]);
  expect(Buffer.concat(chunks).equals(payloadBytes(values))).toBe(true);
});

it('names a payload by layout, length and the digests of its chunks', () => {
  const layout = layoutOf(2);
  const manifest = manifestOf(layout, Float32Array.of(1.5, -2));
  const chunk = sha256Hex(Buffer.from('0000c03f000000c0', 'hex'));
  expect(manifest).toEqual({ layoutDigest: layoutDigest(layout), bytes: 8, chunkDigests: [chunk] });
  expect(manifestDigest(manifest)).toBe(
    sha256Hex(`{"bytes":8,"chunkDigests":["${chunk}"],"layoutDigest":"${layoutDigest(layout)}"}`),
  );
});

it('refuses values that are more or fewer than the layout says', () => {
  for (const values of [Float32Array.of(1), Float32Array.of(1, 2, 3)])
    expect(() => manifestOf(layoutOf(2), values)).toThrow(expect.objectContaining({ code: 'UPDATE_LAYOUT_MISMATCH' }));
});

it('refuses a manifest of another layout, length or number of chunks, or with a digest that is none', () => {
  const layout = layoutOf(2);
  const good = manifestOf(layout, Float32Array.of(1.5, -2));
  const digest = good.chunkDigests[0]!;
  expect(() => requireManifestFits(good, layout)).not.toThrow();
  for (const [change, code] of [
    [{ layoutDigest: layoutDigest(layoutOf(3)) }, 'UPDATE_LAYOUT_MISMATCH'],
    [{ bytes: 12 }, 'UPDATE_LAYOUT_MISMATCH'],
    [{ chunkDigests: [digest, digest] }, 'MANIFEST_INVALID'],
    [{ chunkDigests: [] }, 'MANIFEST_INVALID'],
    [{ chunkDigests: [digest.toUpperCase()] }, 'MANIFEST_INVALID'],
    [{ chunkDigests: [`${digest}\n`] }, 'MANIFEST_INVALID'],
  ] as const)
    expect(() => requireManifestFits({ ...good, ...change }, layout)).toThrow(expect.objectContaining({ code }));
});
