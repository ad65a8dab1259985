import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderChunkStore } from './folder-chunk-store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'consilium-chunks-'));
});
afterAll(async () => rm(folder, { recursive: true }));

const chunk = Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 251);
const digest = sha256Hex(chunk);

it('gives back what has its digest, whole or from an offset, and nothing that has rotted on the disk', async () => {
  const store = new FolderChunkStore(folder);
  await store.keeping(async () => store.put(digest, chunk));
  expect(Buffer.from(await store.read(digest))).toEqual(Buffer.from(chunk));
  expect(Buffer.from(await store.read(digest, 4000))).toEqual(Buffer.from(chunk.subarray(4000)));
  expect(await store.read(digest, 4096)).toHaveLength(0);
  const room = new Uint8Array(4096);
  expect(await store.readInto(digest, room)).toBe(room);
  expect(room).toEqual(chunk);

  const file = path.join(folder, digest.slice(0, 2), digest.slice(2));
  const rotten = await readFile(file);
  rotten[17]! ^= 4; // one bit; the length is as before
  await writeFile(file, rotten);
  const corrupt = { code: 'CHUNK_CORRUPT', detail: { digest } };
  await expect(store.read(digest)).rejects.toMatchObject(corrupt);
  await expect(store.read(digest, 4000)).rejects.toMatchObject(corrupt);
  await expect(store.readInto(digest, room)).rejects.toMatchObject(corrupt);
});
