import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Manifest, sha256Hex } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderChunkStore } from '../chunks/folder-chunk-store.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(async () => federation.close());

const rounds = { count: 4, quorum: 2, deadlineSeconds: 600, answerSeconds: 600 };

/** Digests and bytes of all chunks in the store, and every mode under the coordinator's folder. */
async function stored() {
  const chunks = new Map<string, number>();
  const modes = new Set<string>();
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name);
      const { mode, size } = await stat(place);
      modes.add(`${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`);
      if (entry.isDirectory()) await walk(place);
      else if (place.includes(`${path.sep}chunks${path.sep}`)) chunks.set(path.basename(folder) + entry.name, size);
    }
  };
  await walk(federation.dataFolder);
  const bytes = [...chunks.values()].reduce((sum, size) => sum + size, 0);
  return { chunks, bytes, modes };
}

async function namedByModels(): Promise<Set<string>> {
  const models = await federation.database.model.findMany({ select: { chunkDigests: true } });
  return new Set(models.flatMap((model) => model.chunkDigests));
}

async function until(isIt: () => Promise<boolean>): Promise<void> {
  while (!(await isIt())) await sleep(30);
}

const pending = () => federation.database.siteUpdate.count({ where: { givenUpAt: { not: null }, deletedAt: null } });

it('deletes the updates of closed rounds but the last, and all of them with the run, after a crash in the middle too', async () => {
  let kills = 0;
  federation.reach = (point) => {
    if (point !== 'collecting') return;
    kills += 1;
    // As a crash would: files are gone, and no row says so.
    throw new Error('on purpose');
  };
  const sites = [
    await federation.site('ash'),
    await federation.site('birch', { delta: (r, at) => r * 0.002 * (at % 3) }),
  ];
  for (const site of sites) site.begin();
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash', 'birch']);
  await federation.until(runId, (run) => run.rounds.filter((round) => round.state === 'closed').length >= 2);
  await until(async () => kills > 0);
  expect(await pending()).toBeGreaterThan(0);
  await federation.ended(runId);
  const before = await stored();
  await federation.stop();
  federation.reach = () => {};
  await federation.start();
  await until(async () => (await federation.database.siteUpdate.count({ where: { deletedAt: null } })) === 0);
  const after = await stored();
  console.info(
    `chunk store: ${before.bytes} bytes before, ${after.bytes} after, models ${(await namedByModels()).size} chunks`,
  );
  expect(new Set(after.chunks.keys())).toEqual(await namedByModels());
  expect(after.bytes).toBeLessThan(before.bytes);
  expect(after.modes).toEqual(new Set(['folder 700', 'file 600']));

  const { entries } = await federation.json<{ entries: { type: string; entry: { round: number; payload: object } }[] }>(
    'GET',
    '/api/audit?limit=1000',
  );
  const dropped = entries.filter(({ type }) => type === 'round.updates.dropped');
  expect(dropped.map(({ entry }) => entry.round)).toEqual([1, 2, 3, 4]);
  const updates = await federation.database.siteUpdate.findMany({ where: { runId, round: 1 } });
  const bytes = updates.reduce((sum, { manifest }) => sum + (manifest as unknown as Manifest).bytes, 0);
  expect(dropped[0]!.entry.payload).toEqual({ updates: 2, chunks: 2, bytes, rule: { rounds: 1, days: 0 } });
  // A model can still be taken away, and its receipt is still given.
  const digest = (await federation.view(runId)).finalModels[0]!.digest;
  expect((await federation.http('GET', `/api/models/${digest}/safetensors`)).status).toBe(200);
}, 120_000);

it('keeps a chunk that an update under way names as well, and deletes one that was adopted and never booked', async () => {
  // The same delta in both rounds: one chunk that two updates name.
  const same = (_: number, at: number) => Math.fround(0.25 * (at % 11));
  const [fir, gum] = [await federation.site('fir', { delta: same }), await federation.site('gum')];
  const runId = await federation.run(tinyPlan('fedavg', { rounds: { ...rounds, count: 3 } }), ['fir', 'gum']);
  for (const site of [fir, gum]) await site.accept(await site.next('invitation'));
  const round = async () => {
    for (const site of [fir, gum]) await site.train(await site.next('train'));
    for (const site of [fir, gum]) await site.evaluate(await site.next('evaluate'));
  };
  await round();
  // As a crash between the adoption of a chunk and its booking would leave it.
  const orphan = Buffer.from('adopted, and never booked');
  const store = new FolderChunkStore(path.join(federation.dataFolder, 'chunks'));
  await store.keeping(() => store.put(sha256Hex(orphan), orphan));
  const manifest = { layoutDigest: '0'.repeat(64), bytes: orphan.length, chunkDigests: [sha256Hex(orphan)] };
  await federation.database.upload.updateMany({ where: { runId, round: 1, siteId: 'gum' }, data: { manifest } });
  await round();
  await until(
    async () => (await federation.database.siteUpdate.count({ where: { runId, round: 1, deletedAt: null } })) === 0,
  );
  const [kept] = await federation.database.siteUpdate.findMany({ where: { runId, round: 2, siteId: 'fir' } });
  const { chunks } = await stored();
  for (const digest of (kept!.manifest as unknown as Manifest).chunkDigests) expect(chunks.has(digest)).toBe(true);
  const [gone] = await federation.database.siteUpdate.findMany({ where: { runId, round: 1, siteId: 'gum' } });
  for (const digest of (gone!.manifest as unknown as Manifest).chunkDigests) expect(chunks.has(digest)).toBe(false);
  expect(chunks.has(sha256Hex(orphan))).toBe(false);
}, 60_000);
