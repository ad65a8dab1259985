import { rmSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { canonicalPlan, planHash } from '@consilium/plan';
import { type Invitation, Order } from '@consilium/proto';
import { afterAll, expect, it } from 'vitest';
import { digestBytes } from '../connection/wire.js';
import { DatasetStore } from '../datasets/dataset-store.js';
import { PARTS } from '../datasets/image.js';
import { createLogger } from '../platform/logger.js';
import { siteFolder } from '../platform/site-folder.js';
import { TensorCache } from '../preprocessing/tensor-cache.js';
import { openSiteState } from '../state/site-state.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { WeightStore } from '../weights/weight-store.js';
import { answerInvitation } from './answer-invitation.js';
import { forgetEndedRuns } from './housekeeping.js';
import type { Workshop } from './work-context.js';

const root = temporaryFolder();
const folder = siteFolder(root);
const state = openSiteState(folder.state);
const { signal } = new AbortController();
afterAll(() => {
  state.close();
  rmSync(root, { recursive: true });
});

/** A site with one dataset, for a coordinator of which one call is answered so. */
function siteBefore(answer: (runId: string) => object): Workshop {
  const store = new DatasetStore(folder.datasets);
  const examples = PARTS.map((part) => ({ part, mask: 'digest', modality: 'CR' }));
  const client = {
    reportProgress: async ({ runId }: { runId: string }) => answer(runId),
    answerInvitation: async ({ runId }: { runId: string }) => answer(runId),
  };
  return {
    ...{ folder, state, logger: createLogger('silent', 'site-a') },
    datasets: { load: async () => ({ examples }), keepOnly: (wanted: Set<string>) => store.keepOnly(wanted) },
    trainer: { check: async () => {} },
    tensors: new TensorCache(folder.tensors, store),
    weights: new WeightStore(folder.weights),
    link: { call: async (attempt: (c: unknown, o: object) => unknown) => attempt(client, {}) },
  } as unknown as Workshop;
}

function invitationTo(runId: string): Invitation {
  return {
    runId,
    plan: canonicalPlan(SMALL_PLAN),
    planDigest: digestBytes(planHash(SMALL_PLAN)),
    invitedSites: [],
  } as unknown as Invitation;
}

it('forgets the runs of whose end the word was lost, and no other', async () => {
  state.datasets.register('films', 'a'.repeat(64), { train: 1, validation: 1, test: 1 });
  const willing = siteBefore(() => ({}));
  for (const runId of ['run-1', 'run-2']) await answerInvitation(willing, invitationTo(runId), signal);
  await forgetEndedRuns(
    siteBefore((runId) => ({ order: runId === 'run-1' ? Order.STOP : Order.CONTINUE })),
    signal,
  );
  expect(state.invitations.underWay().map(({ runId }) => runId)).toEqual(['run-2']);
});

it('is bound to nothing by an answer that came too late', async () => {
  const late = siteBefore(() => {
    throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED');
  });
  await expect(answerInvitation(late, invitationTo('run-3'), signal)).rejects.toMatchObject({
    code: 'RUN_EVENT_NOT_ALLOWED',
  });
  expect(state.invitations.underWay().map(({ runId }) => runId)).toEqual(['run-2']);
});
