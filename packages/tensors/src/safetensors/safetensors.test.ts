import { expect, it } from 'vitest';
import { type Layout, layoutDigest } from '../layout.js';
import { chunksOf, manifestDigest, manifestOf, payloadBytes } from '../manifest.js';
import { exportSafetensors, safetensorsHeader } from './export.js';
import { importSafetensors, readSafetensorsHeader } from './import.js';

const layout: Layout = [
  { name: 'z/filter', shape: [2, 3], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' },
  { name: 'a/mean', shape: [2], dtype: 'float32', role: 'running-statistic', trainable: false, scope: 'site' },
  { name: '__proto__', shape: [], dtype: 'float32', role: 'norm', trainable: true, scope: 'shared' },
];
const values = Float32Array.of(1.5, -2, 3, 0.25, -7, 1e-3, 8, 9, 10);

async function exported(
  of: Layout = layout,
  chunks: Iterable<Uint8Array> = chunksOf(payloadBytes(values)),
  metadata = {},
) {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportSafetensors(of, chunks, metadata)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** A file with any header, true or false, and so many bytes of data. */
function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.byteLength + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.byteLength), true);
  bytes.set(text, 8);
  return bytes;
}
const tensor = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
const isRefused = (bytes: Uint8Array, reason: string) =>
  expect(() => importSafetensors(bytes), reason).toThrow(
    expect.objectContaining({ code: 'SAFETENSORS_INVALID', detail: expect.objectContaining({ reason }) }),
  );

it('reads a file that the reference implementation wrote', () => {
  // safetensors 0.8.0, numpy.save({'w': [[1.5, -2], [3, .25]], 'bias': [-7, 1e-3]}, metadata={'origin': 'golden'}).
  const golden = Buffer.from(
    '98000000000000007b225f5f6d657461646174615f5f223a7b226f726967696e223a22676f6c64656e227d2c2262696173223a7b226474797065' +
      '223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c385d7d2c2277223a7b226474797065223a2246' +
      '3332222c227368617065223a5b322c325d2c22646174615f6f666673657473223a5b382c32345d7d7d202020200000e0c06f12833a0000c03f' +
      '000000c0000040400000803e',
    'hex',
  );
  const read = importSafetensors(golden);
  expect(read.layout.map((e) => [e.name, e.shape, e.role, e.scope])).toEqual([
    ['bias', [2], 'weight', 'shared'],
    ['w', [2, 2], 'weight', 'shared'],
  ]);
  expect(read.values).toEqual(Float32Array.of(-7, 1e-3, 1.5, -2, 3, 0.25));
  expect(read.metadata).toEqual({ origin: 'golden' });
});

it('an export imports to the same digest: roles, scopes and order survive', async () => {
  const read = importSafetensors(await exported(layout, chunksOf(payloadBytes(values)), { plan: 'abc' }));
  expect(read.layout).toEqual(layout);
  expect(layoutDigest(read.layout)).toBe(layoutDigest(layout));
  expect(manifestDigest(manifestOf(read.layout, read.values))).toBe(manifestDigest(manifestOf(layout, values)));
  expect(read.metadata).toEqual({ plan: 'abc' });
});

it('an export is the same bytes however its chunks are cut, and its data is aligned to eight', async () => {
  const whole = await exported();
  const payload = payloadBytes(values);
  expect(await exported(layout, [payload.subarray(0, 5), payload.subarray(5)])).toEqual(whole);
  expect(readSafetensorsHeader(whole).dataStart % 8).toBe(0);
});

it('an export of too few or too many chunks fails', async () => {
  const payload = payloadBytes(values);
  for (const chunks of [[payload.subarray(4)], [payload, payload.subarray(0, 4)]])
    await expect(exported(layout, chunks)).rejects.toMatchObject({ code: 'UPDATE_LAYOUT_MISMATCH' });
});

it('takes only one chunk at a time', async () => {
  let taken = 0;
  const endless = (function* () {
    for (;;) {
      taken++;
      yield new Uint8Array(8);
    }
  })();
  const pieces = exportSafetensors(layout, endless);
  await pieces.next();
  expect(taken).toBe(0);
  await pieces.next();
  expect(taken).toBe(1);
});

it('writes and reads the header of a model of thousands of blocks', async () => {
  const many: Layout = Array.from({ length: 5000 }, (_, i) => ({ ...layout[1]!, name: `block ${i} "quoted" \\` }));
  expect(readSafetensorsHeader(safetensorsHeader(many)).layout).toEqual(many);
});

it('refuses a block of the reserved name', () => {
  expect(() => safetensorsHeader([{ ...layout[0]!, name: '__metadata__' }])).toThrow(
    expect.objectContaining({ code: 'SAFETENSORS_INVALID' }),
  );
});

it('refuses a file that is cut off anywhere, or has bytes too many', async () => {
  const whole = await exported();
  for (let length = 0; length < whole.byteLength; length++)
    expect(() => importSafetensors(whole.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'SAFETENSORS_INVALID' }),
    );
  isRefused(new Uint8Array([...whole, 0]), 'length of the data');
});

it('refuses a header whose length is a lie', () => {
  isRefused(file('{}', 0, 3n), 'header is cut off');
  isRefused(file('{}', 0, 2n ** 64n - 1n), 'header too long');
  isRefused(file('{}', 0, 100_000_001n), 'header too long');
});

it('refuses a header that is no JSON object', () => {
  for (const text of ['', ' {}', 'null', '{"a":', '\uFEFF{}', '{"a":'.repeat(200_000)]) isRefused(file(text), 'JSON');
  isRefused(file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), 'JSON');
  isRefused(file('[]'), 'header is not an object');
});

it('refuses gaps, overlaps and tensors whose size is not their shape', () => {
  isRefused(file(`{"a":${tensor(4, 8)}}`, 8), 'gap');
  isRefused(file(`{"a":${tensor(0, 8)},"b":${tensor(12, 16)}}`, 16), 'gap');
  isRefused(file(`{"a":${tensor(0, 8)},"b":${tensor(4, 12)}}`, 12), 'overlap');
  isRefused(file(`{"a":${tensor(0, 8)},"b":${tensor(0, 8)}}`, 8), 'overlap');
  isRefused(file(`{"a":${tensor(0, 8, [3])}}`, 8), 'size');
  isRefused(file(`{"a":${tensor(8, 0, [2])}}`, 8), 'size');
  isRefused(file(`{"a":${tensor(0, 8, [2 ** 30, 2 ** 30, 2 ** 30])}}`, 8), 'size');
});

it('refuses names that occur twice, also when they are spelled differently', () => {
  isRefused(file(`{"a":${tensor(0, 4)},"a":${tensor(0, 4)}}`, 4), 'repeated name');
  isRefused(file(`{"a":${tensor(0, 4)},"\\u0061" :${tensor(4, 8)}}`, 8), 'repeated name');
  isRefused(file('{"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), 'repeated name');
  const value = '{"__metadata__":{"k":"\\"k\\":"},"k":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  expect(importSafetensors(file(value, 4)).metadata).toEqual({ k: '"k":' });
});

it('refuses other types, and shapes and offsets that are no whole numbers', () => {
  isRefused(file(`{"a":${tensor(0, 4, [2], 'F16')}}`, 4), 'only F32 is read');
  for (const shape of [[-1], [0], [1.5], ['1'], 1, null, { length: 1 }])
    isRefused(file(`{"a":${tensor(0, 4, shape)}}`, 4), 'shape');
  for (const offsets of ['[0]', '[0,4,8]', '[-4,0]', '[0.5,4.5]', '["0","4"]', '[0,1e300]', 'null'])
    isRefused(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":${offsets}}}`, 4), 'offsets');
  isRefused(file('{"a":null}'), 'tensor');
  isRefused(file('{}'), 'layout');
});

it('refuses metadata that is not strings, and a layout that is not that of the tensors', () => {
  isRefused(file(`{"__metadata__":{"a":1},"a":${tensor(0, 4)}}`, 4), 'metadata');
  isRefused(file(`{"__metadata__":[],"a":${tensor(0, 4)}}`, 4), 'metadata');
  const own = (entries: unknown) =>
    file(`{"__metadata__":{"consilium.layout":${JSON.stringify(JSON.stringify(entries))}},"a":${tensor(0, 4)}}`, 4);
  const entry = { ...layout[0]!, name: 'a', shape: [1] };
  expect(importSafetensors(own([entry])).layout).toEqual([entry]);
  isRefused(own([]), 'layout');
  isRefused(own({}), 'layout');
  for (const change of [{ name: 'b' }, { shape: [1, 1] }, { role: 'admin' }, { dtype: 'float16' }, { more: 1 }])
    isRefused(own([{ ...entry, ...change }]), 'layout differs from the tensors');
});
