import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunksOf, payloadBytes, sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
let ash: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  ash = await federation.site('ash');
});
afterAll(async () => federation.close());

const bytesOfHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

async function stored(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name)).then(({ size }) => size)));
  return sizes.reduce((a, b) => a + b, 0);
}

it('answers no chunk twice, and takes no stream of empty pieces or of chunks that come and go', async () => {
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const model = { family: 'resnet', baseWidth: 12, normalisation: { kind: 'batch' } } as const;
  const runId = await federation.run(tinyPlan('fedavg', { rounds, model }), ['ash']);
  await ash.accept(await ash.next('invitation'));
  const forAsh = await ash.next('train');
  const [wanted] = forAsh.model!.chunkDigests;
  await expect(ash.fetch(forAsh.modelDigest, [wanted!, wanted!])).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  const { values, manifest } = ash.delta(forAsh);
  await ash.offer(forAsh, manifest);
  const chunks = [...chunksOf(payloadBytes(values))];
  const piece = (index: number, from: number, to: number) => ({
    ...{ runId, round: 1 },
    piece: {
      digest: bytesOfHex(manifest.chunkDigests[index]!),
      offset: BigInt(from),
      data: Uint8Array.from(chunks[index]!.subarray(from, to)),
    },
  });
  for (const stream of [[piece(0, 0, 0)], [piece(0, 0, 10), piece(1, 0, 10), piece(0, 10, 20)]])
    await expect(ash.calls.putChunks(stream, ash.metadata)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await ash.train(forAsh);
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
  expect((await ash.next('stop')).runId).toBe(runId);
});

it('drops the upload of a site that gives up its round, and ends the stream that brings more of it', async () => {
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash']);
  await ash.accept(await ash.next('invitation'));
  const forAsh = await ash.next('train');
  const uploads = path.join(federation.dataFolder, 'uploads', runId, '1', 'ash');
  const { values, manifest } = ash.delta(forAsh);
  await ash.offer(forAsh, manifest);
  const bytes = Uint8Array.from(payloadBytes(values));
  async function* pieces() {
    const digest = bytesOfHex(manifest.chunkDigests[0]!);
    yield { runId, round: 1, piece: { digest, offset: 0n, data: bytes.subarray(0, 1000) } };
    while ((await stored(uploads)) === 0) await sleep(5);
    const failure = { code: 'TRAINING_DIVERGED', sentence: '' };
    await ash.calls.reportProgress({ runId, round: 1, stage: 2, failure }, ash.metadata);
    yield { runId, round: 1, piece: { digest, offset: 1000n, data: bytes.subarray(1000) } };
  }
  await expect(ash.calls.putChunks(pieces(), ash.metadata)).rejects.toMatchObject({ code: 'STOPPED' });
  await expect(readdir(uploads)).rejects.toMatchObject({ code: 'ENOENT' });
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
  expect((await ash.next('stop')).runId).toBe(runId);
});

it('keeps one upload of a site, though six streams go on with manifests that it has replaced', async () => {
  const model = { family: 'resnet', baseWidth: 12, normalisation: { kind: 'batch' } } as const;
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds, model }), ['ash']);
  await ash.accept(await ash.next('invitation'));
  const forAsh = await ash.next('train');
  const uploads = path.join(federation.dataFolder, 'uploads', runId, '1', 'ash');
  const { values, manifest } = ash.delta(forAsh);
  let offered = 0;
  const gate = Promise.withResolvers<void>();
  const streams = Array.from({ length: 6 }, async (_, seed) => {
    const own = values.map((value) => value + seed);
    const chunks = [...chunksOf(payloadBytes(own))];
    const named = { ...manifest, chunkDigests: chunks.map(sha256Hex) };
    async function* pieces() {
      for (const [index, digest] of named.chunkDigests.entries()) {
        const data = Uint8Array.from(chunks[index]!);
        const half = data.length / 2;
        yield { runId, round: 1, piece: { digest: bytesOfHex(digest), offset: 0n, data: data.subarray(0, half) } };
        await gate.promise;
        yield {
          ...{ runId, round: 1 },
          piece: { digest: bytesOfHex(digest), offset: BigInt(half), data: data.subarray(half) },
        };
      }
    }
    while (offered < seed) await sleep(5);
    await ash.offer(forAsh, named);
    const put = ash.calls.putChunks(pieces(), ash.metadata).then(
      () => 'stored',
      (error) => error.code as string,
    );
    // Its first half lies there before the next manifest is offered.
    while ((await stored(uploads)) === 0) await sleep(5);
    if (++offered === 6) gate.resolve();
    return put;
  });
  const outcomes = await Promise.all(streams);
  expect(outcomes.at(-1)).toBe('stored');
  expect(outcomes.slice(0, 5).every((outcome) => outcome !== 'stored')).toBe(true);
  expect(await stored(uploads)).toBe(manifest.bytes);
});
