import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHUNK_BYTES, sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UploadArea } from './upload-area.js';

let root: string;
let area: UploadArea;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'uploads-'));
  area = new UploadArea(root);
});
afterAll(async () => rm(root, { recursive: true }));

const chunks = [new Uint8Array(CHUNK_BYTES).fill(3), new Uint8Array(1000).fill(5)] as const;
const digests = chunks.map(sha256Hex);
const manifest = { layoutDigest: 'f'.repeat(64), bytes: CHUNK_BYTES + 1000, chunkDigests: digests };
const keyOf = (round: number) => ({ runId: 'run', round, siteId: 'ash' });

it('has a chunk whose stream was cut off after its last byte', async () => {
  const writer = await area.writer(keyOf(1), manifest, digests[1]!, 0);
  await writer.append(0, chunks[1]);
  expect(await area.missing(keyOf(1), manifest)).toEqual([{ digest: digests[0], offset: 0 }]);
  await expect(writer.append(1000, chunks[1])).rejects.toMatchObject({ code: 'STOPPED' });
  expect(await area.read(keyOf(1), digests[1]!)).toEqual(Buffer.from(chunks[1]));
});

it('asks again for a chunk that was cut off after its last byte and is not what its name says', async () => {
  const writer = await area.writer(keyOf(2), manifest, digests[1]!, 0);
  await writer.append(0, new Uint8Array(1000).fill(6));
  expect((await area.missing(keyOf(2), manifest))[1]).toEqual({ digest: digests[1], offset: 0 });
});

it('asks again for a chunk that a crash left with all its bytes and without its name', async () => {
  const writer = await area.writer(keyOf(3), manifest, digests[1]!, 0);
  await writer.append(0, chunks[1].subarray(0, 600));
  expect((await area.missing(keyOf(3), manifest))[1]).toEqual({ digest: digests[1], offset: 600 });
  await writeFile(`${area.fileOf(keyOf(3), digests[1]!)}.part`, chunks[1]);
  const afterCrash = new UploadArea(root);
  expect((await afterCrash.missing(keyOf(3), manifest))[1]).toEqual({ digest: digests[1], offset: 0 });
  const again = await afterCrash.writer(keyOf(3), manifest, digests[1]!, 0);
  await again.append(0, chunks[1]);
  await again.finish();
  expect(await afterCrash.missing(keyOf(3), manifest)).toEqual([{ digest: digests[0], offset: 0 }]);
});

it('lets one of two streams for the same chunk write that come at once', async () => {
  const writers = await Promise.all([0, 0].map((offset) => area.writer(keyOf(4), manifest, digests[1]!, offset)));
  await expect(writers[0]!.append(0, new Uint8Array(600).fill(9))).rejects.toMatchObject({ code: 'STOPPED' });
  await writers[1]!.append(0, chunks[1]);
  await writers[1]!.finish();
  expect(await area.read(keyOf(4), digests[1]!)).toEqual(Buffer.from(chunks[1]));
});

it('cuts off a stream that is just beginning when it is asked what is missing', async () => {
  const beginning = area.writer(keyOf(5), manifest, digests[1]!, 0);
  const missing = await area.missing(keyOf(5), manifest);
  await expect((await beginning).append(0, chunks[1])).rejects.toMatchObject({ code: 'STOPPED' });
  expect(missing[1]).toEqual({ digest: digests[1], offset: 0 });
});
