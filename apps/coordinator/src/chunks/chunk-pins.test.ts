import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderChunkStore } from './folder-chunk-store.js';

let root: string;
let store: FolderChunkStore;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'chunks-'));
  store = new FolderChunkStore(path.join(root, 'chunks'));
});
afterAll(async () => rm(root, { recursive: true }));

const none = async () => new Set<string>();
const put = async (text: string) => {
  const bytes = Buffer.from(text);
  await store.keeping(() => store.put(sha256Hex(bytes), bytes));
  return sha256Hex(bytes);
};

it('deletes what nothing names, once, and keeps what something does', async () => {
  const [gone, kept] = [await put('gone'), await put('kept')];
  const collect = () => store.collect([gone, kept, gone], async () => new Set([kept]));
  expect(await collect()).toEqual({ chunks: 1, bytes: 4, busy: [] });
  expect(await collect()).toEqual({ chunks: 0, bytes: 0, busy: [] });
  expect([await store.has(gone), await store.has(kept)]).toEqual([false, true]);
});

it('leaves a chunk alone that is found to be there already, and is not named yet', async () => {
  const digest = await put('shared');
  await store.keeping(async () => {
    await store.put(digest, Buffer.from('shared'));
    expect(await store.collect([digest], none)).toEqual({ chunks: 0, bytes: 0, busy: [digest] });
  });
  expect(await store.has(digest)).toBe(true);
  expect(await store.collect([digest], none)).toMatchObject({ chunks: 1 });
});

it('writes a chunk anew that is being deleted just then', async () => {
  const digest = await put('crossing');
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Set<string>>();
  const collecting = store.collect([digest], async () => {
    asked.resolve();
    return answer.promise;
  });
  await asked.promise;
  const writing = store.keeping(() => store.put(digest, Buffer.from('crossing')));
  answer.resolve(new Set());
  expect(await collecting).toMatchObject({ chunks: 1 });
  await writing;
  expect(await store.has(digest)).toBe(true);
});

it('refuses to store what nothing keeps', async () => {
  await expect(store.put(sha256Hex(Buffer.from('x')), Buffer.from('x'))).rejects.toMatchObject({ code: 'INTERNAL' });
});

it('is for its owner only', async () => {
  const digest = await put('private');
  const file = path.join(root, 'chunks', digest.slice(0, 2), digest.slice(2));
  const modes = await Promise.all([file, path.dirname(file), path.join(root, 'chunks')].map((name) => stat(name)));
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['600', '700', '700']);
});
