import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConsiliumError } from '@consilium/errors';
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
  const beginning = area.writer(keyOf(5), manifest, digests[1]!, 0).then((writer) => writer.append(0, chunks[1]));
  const [cutOff, answer] = await Promise.allSettled([beginning, area.missing(keyOf(5), manifest)]);
  expect(cutOff).toMatchObject({ status: 'rejected', reason: { code: 'UPDATE_INCOMPLETE' } });
  const missing = answer.status === 'fulfilled' ? answer.value : [];
  expect(missing[1]).toEqual({ digest: digests[1], offset: 0 });
});

it('holds no more than one manifest, though six streams go on with the ones that were replaced', async () => {
  const offers = [1, 2, 3, 4, 5, 6].map((seed) => {
    const parts = [1, 2, 3].map((part) => new Uint8Array(CHUNK_BYTES).fill(10 * seed + part));
    return { parts, manifest: { ...manifest, bytes: 3 * CHUNK_BYTES, chunkDigests: parts.map(sha256Hex) } };
  });
  const outcomes: string[] = [];
  const streams = offers.map(async ({ parts, manifest: offered }) => {
    await area.missing(keyOf(6), offered);
    for (const [index, bytes] of parts.entries()) {
      try {
        const writer = await area.writer(keyOf(6), offered, offered.chunkDigests[index]!, 0);
        for (let at = 0; at < bytes.length; at += 65_536) await writer.append(at, bytes.subarray(at, at + 65_536));
        await writer.finish();
        outcomes.push('stored');
      } catch (error) {
        outcomes.push((error as ConsiliumError).code);
      }
      expect(await bytesIn(path.dirname(area.fileOf(keyOf(6), 'x')))).toBeLessThanOrEqual(3 * CHUNK_BYTES);
    }
  });
  const results = await Promise.allSettled(streams);
  expect(await bytesIn(path.dirname(area.fileOf(keyOf(6), 'x')))).toBeLessThanOrEqual(3 * CHUNK_BYTES);
  expect(outcomes.filter((outcome) => outcome === 'stored').length).toBeLessThanOrEqual(3);
  const refused = results.flatMap((r) => (r.status === 'rejected' ? [(r.reason as ConsiliumError).code] : []));
  expect(new Set([...outcomes, ...refused])).toContain('UPDATE_INCOMPLETE');
});

it('stores no chunk twice, and gives back what a chunk that came in wrong had taken', async () => {
  const send = async (bytes: Uint8Array) => {
    const writer = await area.writer(keyOf(7), manifest, digests[1]!, 0);
    await writer.append(0, bytes);
    await writer.finish();
  };
  for (let time = 0; time < 3; time++)
    await expect(send(new Uint8Array(1000).fill(6))).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
  await send(chunks[1]);
  await expect(send(chunks[1])).rejects.toMatchObject({ code: 'UPDATE_INCOMPLETE' });
  expect(await bytesIn(path.dirname(area.fileOf(keyOf(7), 'x')))).toBe(1000);
});

async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(folder).catch(() => [])).map((name) =>
      stat(path.join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((a, b) => a + b, 0);
}
