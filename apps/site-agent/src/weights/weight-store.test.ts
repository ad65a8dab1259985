import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { CHUNK_BYTES, chunksOf, type Manifest, payloadBytes, sha256Hex } from '@consilium/tensors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/site.fixture.js';
import { WeightStore } from './weight-store.js';

let root: string;
let store: WeightStore;
beforeEach(() => {
  root = temporaryFolder();
  store = new WeightStore(root);
});
afterEach(() => rmSync(root, { recursive: true }));

/** One and a half chunks. */
const values = Float32Array.from({ length: (CHUNK_BYTES * 1.5) / 4 }, (_, i) => Math.sin(i));
const chunks = [...chunksOf(payloadBytes(values))];
const [first, second] = chunks.map(sha256Hex) as [string, string];
const manifest: Manifest = { layoutDigest: 'a'.repeat(64), bytes: CHUNK_BYTES * 1.5, chunkDigests: [first, second] };

it('takes a chunk in pieces over two lives, and says where to go on', async () => {
  expect(await store.append(first, 0, chunks[0]!.subarray(0, 1000), CHUNK_BYTES)).toBe(false);
  store = new WeightStore(root);
  expect(await store.missing(manifest)).toEqual([
    { digest: first, offset: 1000, bytes: CHUNK_BYTES },
    { digest: second, offset: 0, bytes: CHUNK_BYTES / 2 },
  ]);
  expect(await store.append(first, 1000, chunks[0]!.subarray(1000), CHUNK_BYTES)).toBe(true);
  expect(await store.missing(manifest)).toEqual([{ digest: second, offset: 0, bytes: CHUNK_BYTES / 2 }]);
  expect(Buffer.compare(await store.readChunk(first), chunks[0]!)).toBe(0);
});

it('a chunk with one wrong bit is thrown away and asked for from its beginning', async () => {
  const wrong = Uint8Array.from(chunks[1]!);
  wrong[77]! ^= 4;
  await expect(store.append(second, 0, wrong, wrong.length)).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
  expect(readdirSync(root)).toEqual([]);
  expect((await store.missing(manifest))[1]).toMatchObject({ offset: 0 });
});

it('refuses a piece that does not follow, and one beyond the end', async () => {
  await store.append(first, 0, chunks[0]!.subarray(0, 10), CHUNK_BYTES);
  for (const [offset, bytes] of [
    [11, 5],
    [9, 5],
    [10, CHUNK_BYTES],
  ] as const)
    await expect(store.append(first, offset, new Uint8Array(bytes), CHUNK_BYTES)).rejects.toMatchObject({
      code: 'CHUNK_CORRUPT',
    });
});

it('a chunk that changed on disk is not handed out, and is missing afterwards', async () => {
  await store.save(values);
  expect(await store.hasAll(manifest)).toBe(true);
  const changed = Buffer.from(chunks[0]!);
  changed[0]! ^= 1;
  writeFileSync(store.path(first), changed);
  await expect(store.readChunk(first)).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
  expect((await store.missing(manifest)).map(({ digest }) => digest)).toEqual([first]);
});

it('prunes what no wanted manifest names, parts and scratch files too, and keeps the parts of wanted chunks', async () => {
  await store.append(first, 0, chunks[0]!.subarray(0, 10), CHUNK_BYTES);
  await store.append('d'.repeat(64), 0, new Uint8Array(10), 20);
  writeFileSync(store.scratchPath(), 'left by a crash');
  await store.prune([manifest]);
  expect(readdirSync(root)).toEqual([`${first}.part`]);
});
