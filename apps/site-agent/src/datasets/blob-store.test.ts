import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { BlobStore } from './blob-store.js';

it('forces a blob to disk that a killed process has left', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'blobs-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const bytes = new Uint8Array(100).fill(7);
  const digest = await new BlobStore(root).put(bytes);
  const store = new BlobStore(root);
  expect(await store.put(bytes)).toBe(digest);
  // A file that is gone cannot be forced to disk: so it can be seen that this one is.
  await rm(path.join(root, digest.slice(0, 2), digest));
  await expect(store.sync()).rejects.toMatchObject({ code: 'ENOENT' });
});
