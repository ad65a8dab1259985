import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildModel, modelPorts } from '@consilium/models';
import { layoutLength, manifestDigest, manifestOf, sha256Hex } from '@consilium/tensors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../platform/logger.js';
import type { Assignment, LocalDelta } from '../stages.js';
import { openSiteState, type SiteState } from '../state/site-state.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { WeightStore } from '../weights/weight-store.js';
import { protectWith, updateIdOf } from './protect.js';
import { recallWith } from './submit.js';

const { layout } = buildModel(SMALL_PLAN.model, modelPorts(SMALL_PLAN));
const length = layoutLength(layout);
const never = new AbortController().signal;
const BASE = 'b'.repeat(64);
let root: string;
let state: SiteState;
let weights: WeightStore;
beforeEach(() => {
  root = temporaryFolder();
  state = openSiteState(join(root, 'state.sqlite'));
  weights = new WeightStore(root);
});
afterEach(() => {
  state.close();
  rmSync(root, { recursive: true });
});

const assignment = (changes: Partial<Assignment> = {}): Assignment => ({
  runId: 'run-1',
  round: 3,
  plan: { ...SMALL_PLAN, protection: { ...SMALL_PLAN.protection, maximumDeltaNorm: 1000 } },
  datasetVersion: 'v',
  modelDigest: BASE,
  model: manifestOf(layout, new Float32Array(length)),
  baseRound: 2,
  closedRounds: 2,
  ...changes,
});
const delta = (values: Float32Array, trainingLoss = 0.5) =>
  ({ values, exampleCount: 14, localSteps: 4, trainingLoss }) as LocalDelta;
const protect = (values: Float32Array, a = assignment(), loss?: number) =>
  protectWith({ siteId: 'site-a', weights, state })(delta(values, loss), a, never);
const recall = (a: Assignment) => recallWith({ state, weights, logger: createLogger('silent', 'site-a') })(a);
const some = () => new Float32Array(length).fill(0.003);

it('books a harmless delta with its norm and its id', async () => {
  const values = new Float32Array(length);
  values.set([3, -4]);
  const update = await protect(values);
  expect(update.deltaNorm).toBe(5);
  const digest = manifestDigest(manifestOf(layout, values));
  // JCS by hand: the keys in their order, no blanks.
  const text = `{"manifestDigest":"${digest}","round":3,"runId":"run-1","siteId":"site-a"}`;
  expect(update.updateId).toBe(sha256Hex(text));
  expect(updateIdOf('run-1', 3, 'site-b', update.manifest)).not.toBe(update.updateId);
  expect(state.outbox.find('run-1', 3)).toEqual(update);
});

it.each([
  ['a NaN at the very end', () => some().fill(Number.NaN, length - 1), 'UPDATE_NOT_FINITE'],
  ['an infinity', () => some().fill(Number.NEGATIVE_INFINITY, 5, 6), 'UPDATE_NOT_FINITE'],
  ['one value too few', () => new Float32Array(length - 1), 'UPDATE_LAYOUT_MISMATCH'],
  ['a norm beyond what the plan allows', () => some().fill(1000.1, 7, 8), 'UPDATE_TOO_LARGE'],
])('refuses %s, and books nothing', async (_, values, code) => {
  await expect(protect(values())).rejects.toMatchObject({ code });
  expect(state.outbox.list()).toEqual([]);
});

it('refuses a loss that is no number', async () => {
  await expect(protect(some(), assignment(), Number.NaN)).rejects.toMatchObject({ code: 'UPDATE_NOT_FINITE' });
});

it('another life recalls the update, but not for another base, another round, or when a chunk is gone', async () => {
  const update = await protect(some());
  state.close();
  state = openSiteState(join(root, 'state.sqlite'));
  expect(await recall(assignment())).toEqual(update);
  expect(await recall(assignment({ modelDigest: 'c'.repeat(64) }))).toBeUndefined();
  expect(await recall(assignment({ round: 4 }))).toBeUndefined();
  rmSync(weights.path(update.manifest.chunkDigests[0]!));
  expect(await recall(assignment())).toBeUndefined();
});

it('a power cut between the chunks and the row leaves nothing that could be sent', async () => {
  await weights.save(some());
  expect(await recall(assignment())).toBeUndefined();
  await weights.prune([]);
  expect(await weights.hasAll(manifestOf(layout, some()))).toBe(false);
});

it('the update of the next round replaces that of the last one', async () => {
  await protect(some());
  await protect(some().fill(0.004), assignment({ round: 4 }));
  expect(state.outbox.list().map(({ round }) => round)).toEqual([4]);
});
