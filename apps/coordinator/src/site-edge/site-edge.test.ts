import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { VOCABULARY_VERSION } from '@consilium/plan';
import { chunksOf, type Manifest, manifestOf, payloadBytes } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
let ash: FakeSite;
let birch: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  ash = await federation.site('ash', { exampleCount: 30 });
  birch = await federation.site('birch', { exampleCount: 10 });
});
afterAll(async () => federation.close());

const SITES = ['ash', 'birch'];
const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };

/** A run in the training of its first round, which both sites have been asked to do. */
async function training(changes: Parameters<typeof tinyPlan>[1] = {}) {
  const plan = tinyPlan('fedavg', { rounds, protection: { maximumDeltaNorm: 50 }, ...changes });
  const runId = await federation.run(plan, SITES);
  await ash.accept(await ash.next('invitation'));
  await birch.accept(await birch.next('invitation'));
  return { runId, forAsh: await ash.next('train'), forBirch: await birch.next('train') };
}

async function abort(runId: string): Promise<void> {
  await federation.json('POST', `/api/runs/${runId}/abort`, { reason: 'The test is over.' });
  for (const site of [ash, birch]) expect((await site.next('stop')).runId).toBe(runId);
}

function changed(values: Float32Array, manifest: Manifest, index: number, value: number) {
  const other = values.slice();
  other[index] = value;
  return { values: other, manifest: { ...manifestOf([], new Float32Array()), ...manifest, ...chunksOnly(other) } };
}

function chunksOnly(values: Float32Array): Pick<Manifest, 'chunkDigests'> {
  const layout = [
    {
      name: 'all',
      shape: [values.length],
      dtype: 'float32',
      role: 'weight',
      trainable: true,
      scope: 'shared',
    } as const,
  ];
  return { chunkDigests: manifestOf(layout, values).chunkDigests };
}

it.each([
  ['UPDATE_NOT_FINITE', 7, Number.NaN],
  ['UPDATE_NOT_FINITE', 100, Number.NEGATIVE_INFINITY],
  ['UPDATE_TOO_LARGE', 3, 60],
])('refuses an update with %s, and the round goes on without the site', async (code, index, value) => {
  const { runId, forAsh } = await training();
  const honest = ash.delta(forAsh);
  const { values, manifest } = changed(honest.values, honest.manifest, index, value);
  await ash.upload(forAsh, manifest, values);
  await expect(ash.submit(forAsh, manifest)).rejects.toMatchObject({ code });
  const [round] = (await federation.view(runId)).rounds;
  expect(round).toMatchObject({ state: 'training', refused: [{ site: 'ash', code }] });
  // The site cannot try again with another one.
  await expect(ash.train(forAsh)).rejects.toMatchObject({ code: 'UPDATE_LATE' });
  await abort(runId);
});

it('refuses an update of another base model, of another example count and of another shape', async () => {
  const { runId, forAsh, forBirch } = await training();
  const { values, manifest } = ash.delta(forAsh);
  await ash.upload(forAsh, manifest, values);
  await expect(ash.submit(forAsh, manifest, { baseRound: 3 })).rejects.toMatchObject({ code: 'UPDATE_BASE_MISMATCH' });
  const { manifest: ofBirch, values: alike } = birch.delta(forBirch);
  await expect(birch.offer(forBirch, { ...ofBirch, bytes: ofBirch.bytes - 4 })).rejects.toMatchObject({
    code: 'UPDATE_LAYOUT_MISMATCH',
  });
  await birch.upload(forBirch, ofBirch, alike);
  await expect(birch.submit(forBirch, ofBirch, { exampleCount: 11n })).rejects.toMatchObject({
    code: 'UPDATE_COUNT_MISMATCH',
  });
  const run = await federation.until(runId, (view) => view.rounds[0]?.state === 'aborted');
  expect(run.rounds[0]?.abortedBecause).toContain('0 of 1');
  await abort(runId);
});

it('refuses an update whose manifest names a chunk where one of another length belongs', async () => {
  const model = { family: 'resnet', baseWidth: 12, normalisation: { kind: 'batch' } } as const;
  const { runId, forAsh } = await training({ model });
  const { values, manifest } = ash.delta(forAsh);
  expect(manifest.chunkDigests).toHaveLength(2);
  const twice = { ...manifest, chunkDigests: [manifest.chunkDigests[0]!, manifest.chunkDigests[0]!] };
  await ash.upload(forAsh, twice, values);
  await expect(ash.submit(forAsh, twice)).rejects.toMatchObject({ code: 'UPDATE_LAYOUT_MISMATCH' });
  const [round] = (await federation.view(runId)).rounds;
  expect(round).toMatchObject({ state: 'training', refused: [{ site: 'ash', code: 'UPDATE_LAYOUT_MISMATCH' }] });
  await abort(runId);
});

it('takes no further chunk of a stream whose round has ended meanwhile', async () => {
  const { runId, forAsh } = await training({
    model: { family: 'resnet', baseWidth: 12, normalisation: { kind: 'batch' } },
  });
  const { values, manifest } = ash.delta(forAsh);
  const missing = await ash.offer(forAsh, manifest);
  const chunks = [...chunksOf(payloadBytes(values))];
  async function* pieces() {
    for (const [index, { digest, offset }] of missing.entries()) {
      if (index === 1) await abort(runId);
      yield { runId, round: 1, piece: { digest, offset, data: Uint8Array.from(chunks[index]!) } };
    }
  }
  await expect(ash.calls.putChunks(pieces(), ash.metadata)).rejects.toMatchObject({ code: 'UPDATE_LATE' });
  const uploads = path.join(federation.dataFolder, 'uploads', runId, '1', 'ash');
  await expect(readdir(uploads)).rejects.toThrow('ENOENT');
});

it('gives the same receipt for the same update, and leaves the first in force when another comes', async () => {
  const { runId, forAsh } = await training();
  const { values, manifest } = ash.delta(forAsh);
  await expect(ash.submit(forAsh, manifest)).rejects.toMatchObject({ code: 'UPDATE_INCOMPLETE' });
  await ash.upload(forAsh, manifest, values);
  await expect(ash.submit(forAsh, manifest, { updateId: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  const receipt = await ash.submit(forAsh, manifest);
  expect(await ash.submit(forAsh, manifest)).toEqual(receipt);
  const { entries } = await federation.json<{ entries: { type: string; leafHash: string }[] }>(
    'GET',
    `/api/audit?from=${receipt.auditIndex}&limit=1`,
  );
  expect(entries[0]).toMatchObject({
    type: 'update.received',
    leafHash: Buffer.from(receipt.auditLeafHash).toString('hex'),
  });
  const other = changed(values, manifest, 1, 0.5);
  await expect(ash.submit(forAsh, other.manifest)).rejects.toMatchObject({ code: 'UPDATE_CONFLICT' });
  expect((await federation.view(runId)).rounds[0]?.participations[0]).toMatchObject({
    site: 'ash',
    state: 'submitted',
  });
  await abort(runId);
});

it('resumes an upload inside the chunk it broke in, and drops a chunk that is not what its name says', async () => {
  const { runId, forAsh } = await training();
  const { values, manifest } = ash.delta(forAsh);
  const bytes = new Uint8Array(values.buffer);
  const [wanted] = await ash.offer(forAsh, manifest);
  const { runId: run, round } = forAsh;
  const piece = (offset: number, data: Uint8Array) => ({
    ...{ runId: run, round },
    piece: { digest: wanted!.digest, offset: BigInt(offset), data: Uint8Array.from(data) },
  });
  await ash.calls.putChunks([piece(0, bytes.subarray(0, 1000))], ash.metadata);
  expect(await ash.offer(forAsh, manifest)).toMatchObject([
    { offset: 1000n },
    ...manifest.chunkDigests.slice(1).map(() => ({ offset: 0n })),
  ]);
  const wrongOffset = ash.calls.putChunks([piece(900, bytes.subarray(900, 1200))], ash.metadata);
  await expect(wrongOffset).rejects.toMatchObject({ code: 'UPDATE_INCOMPLETE' });
  const length = Math.min(bytes.byteLength, 1 << 20);
  const wrong = ash.calls.putChunks([piece(1000, new Uint8Array(length - 1000))], ash.metadata);
  await expect(wrong).rejects.toMatchObject({ code: 'CHUNK_CORRUPT' });
  expect(await ash.offer(forAsh, manifest)).toMatchObject([
    { offset: 0n },
    ...manifest.chunkDigests.slice(1).map(() => ({ offset: 0n })),
  ]);
  await ash.train(forAsh);
  const uploads = path.join(federation.dataFolder, 'uploads', runId, '1');
  expect(await readdir(uploads)).toEqual(['ash']);
  await abort(runId);
  await expect(readdir(uploads)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('serves a model to the sites that were asked to use it, from any offset, and says nothing of any other', async () => {
  const { runId, forAsh } = await training();
  const { modelDigest, model } = forAsh;
  const whole = await ash.fetch(modelDigest, model!.chunkDigests.slice(0, 1));
  expect(await ash.fetch(modelDigest, model!.chunkDigests.slice(0, 1), 4000n)).toEqual(whole.slice(1000));
  const nothing = Uint8Array.from({ length: 32 }, () => 9);
  const stranger = await federation.site('stranger');
  for (const [site, digest] of [
    [stranger, modelDigest],
    [ash, nothing],
  ] as const)
    await expect(site.fetch(digest, model!.chunkDigests)).rejects.toMatchObject({ code: 'CHUNK_NOT_AVAILABLE' });
  await expect(ash.fetch(modelDigest, [nothing])).rejects.toMatchObject({ code: 'CHUNK_NOT_AVAILABLE' });
  await expect(stranger.train(forAsh).catch((e) => Promise.reject(e))).rejects.toMatchObject({
    code: 'CHUNK_NOT_AVAILABLE',
  });
  await abort(runId);
});

it('books an evaluation once, and only what was asked', async () => {
  const { runId, forAsh } = await training();
  await ash.train(forAsh);
  await birch.calls.reportProgress(
    { runId, round: 1, stage: 2, failure: { code: 'TRAINING_DIVERGED', sentence: '' } },
    birch.metadata,
  );
  const asked = await ash.next('evaluate');
  await expect(ash.evaluate({ ...asked, datasetVersion: 'v2' })).rejects.toMatchObject({ code: 'EVALUATION_INVALID' });
  await expect(birch.evaluate(asked)).rejects.toMatchObject({ code: 'EVALUATION_NOT_FOUND' });
  const receipt = await ash.evaluate(asked, 3);
  expect(await ash.evaluate(asked, 3)).toEqual(receipt);
  await expect(ash.evaluate(asked, 4)).rejects.toMatchObject({ code: 'EVALUATION_CONFLICT' });
  const run = await federation.until(runId, (view) => view.rounds[0]?.state === 'closed');
  expect(run.rounds[0]?.refused).toEqual([{ site: 'birch', code: 'TRAINING_DIVERGED' }]);
  await abort(runId);
});

it('listens to the newest agent of a site only, and to no site of another federation', async () => {
  const twin = await federation.site('twin');
  const older = twin.metadata;
  await twin.hello(2n, 'the-newer-one');
  await expect(twin.calls.pollWork({ waitMs: 0 }, older)).rejects.toMatchObject({ code: 'SITE_RUNNING_TWICE' });
  await expect(twin.hello(1n)).rejects.toMatchObject({ code: 'SITE_RUNNING_TWICE' });
  await twin.calls.pollWork({ waitMs: 0 }, { metadata: { 'consilium-instance': 'the-newer-one' } });
  await expect(federation.site('foreigner', {}, 'other')).rejects.toMatchObject({ code: 'SITE_UNKNOWN' });
});

it.skipIf(!existsSync('/dev/full'))(
  "says that it is the coordinator's disk that is full, and the site goes on later",
  async () => {
    const { runId, forAsh } = await training();
    const { values, manifest } = ash.delta(forAsh);
    const [wanted] = await ash.offer(forAsh, manifest);
    const digest = manifest.chunkDigests[0]!;
    const folder = path.join(federation.dataFolder, 'uploads', runId, '1', 'ash');
    const part = path.join(folder, `${digest}.part`);
    await mkdir(folder, { recursive: true });
    await symlink('/dev/full', part);
    const piece = { digest: wanted!.digest, offset: 0n, data: Uint8Array.from(payloadBytes(values).subarray(0, 1000)) };
    const sent = ash.calls.putChunks([{ runId, round: 1, piece }], ash.metadata);
    await expect(sent).rejects.toMatchObject({ code: 'COORDINATOR_DISK_FULL', kind: 'unavailable' });
    await rm(part);
    await ash.train(forAsh);
    expect((await federation.view(runId)).rounds[0]?.participations[0]).toMatchObject({ state: 'submitted' });
    await abort(runId);
  },
);

it('takes no hello that is larger than any site needs', async () => {
  const hello = (changes: object) =>
    ash.calls.hello({
      instanceId: ash.instanceId,
      startCount: 1n,
      agentVersion: 'test',
      vocabularyVersion: VOCABULARY_VERSION,
      ...changes,
    });
  const dataset = (index: number) => ({ name: `d-${index}`, version: 'v1', train: 1n, validation: 1n, test: 1n });
  const many = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));
  const backEnd = { name: 'cpu', threads: 1 };
  for (const changes of [
    { datasets: many(1001, dataset) },
    { datasets: [{ ...dataset(1), name: 'x'.repeat(201) }] },
    { backEnds: many(17, () => backEnd) },
    { backEnds: [{ ...backEnd, name: 'x'.repeat(201) }] },
    { agentVersion: 'x'.repeat(201) },
  ])
    await expect(hello(changes)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await hello({ datasets: many(1000, dataset), backEnds: many(16, () => backEnd) });
});
