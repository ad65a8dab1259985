import { rmSync } from 'node:fs';
import { ConsiliumError, ERRORS, type ErrorCode } from '@consilium/errors';
import { MAXIMUM_PARAMETERS, modelPorts, parameterCount } from '@consilium/models';
import { canonicalPlan, planHash, planSchema } from '@consilium/plan';
import type { Invitation } from '@consilium/proto';
import { afterAll, expect, it } from 'vitest';
import { digestBytes } from '../connection/wire.js';
import { PARTS } from '../datasets/image.js';
import { createLogger } from '../platform/logger.js';
import { siteFolder } from '../platform/site-folder.js';
import { openSiteState } from '../state/site-state.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { acceptedPlan, answerInvitation } from './answer-invitation.js';
import type { Workshop } from './work-context.js';

const root = temporaryFolder();
const state = openSiteState(siteFolder(root).state);
state.datasets.register('films', 'a'.repeat(64), { train: 1, validation: 1, test: 1 });
afterAll(() => {
  state.close();
  rmSync(root, { recursive: true });
});

/** What the coordinator hears from a site whose trainer answers the question about memory like this. */
async function answerOf(
  runId: string,
  check: () => void,
  signal = new AbortController().signal,
  maximumParameters = MAXIMUM_PARAMETERS,
  asked = SMALL_PLAN,
): Promise<unknown> {
  const heard: unknown[] = [];
  const client = { answerInvitation: async ({ answer }: { answer: unknown }) => heard.push(answer) };
  const examples = PARTS.map((part) => ({ part, mask: 'digest', modality: 'CR' }));
  const workshop = {
    ...{ state, logger: createLogger('silent', 'site-a') },
    datasets: { load: async (version: string) => (version === 'a'.repeat(64) ? { examples } : { examples: [] }) },
    maximumParameters,
    trainer: { check: async () => check() },
    link: { call: async (attempt: (c: unknown, o: object) => unknown) => attempt(client, {}) },
  } as unknown as Workshop;
  const plan = { plan: canonicalPlan(asked), planDigest: digestBytes(planHash(asked)) };
  await answerInvitation(workshop, { runId, ...plan, invitedSites: [] } as unknown as Invitation, signal);
  return heard[0];
}
const failing = (code: ErrorCode) => () => {
  throw new ConsiliumError(code, { fits: 'training.batchSize 4' });
};

it.each(['PLAN_TOO_LARGE', 'BACK_END_UNAVAILABLE'] as const)(
  'declines with %s: it cannot train this plan',
  async (code) => {
    const answer = { case: 'decline', value: { code, sentence: ERRORS[code].say } };
    expect(await answerOf(`run-${code}`, failing(code))).toEqual(answer);
    expect(state.invitations.find(`run-${code}`)?.answer).toMatchObject({ accepted: false });
  },
);

it('declines a model of more parameters than this site takes, with the number and the bound', async () => {
  const parameters = parameterCount(SMALL_PLAN.model, modelPorts(SMALL_PLAN));
  const never = new AbortController().signal;
  const sentence =
    'The model of the plan has more parameters than are taken here. ' +
    `It has ${parameters}; this site takes at most ${parameters - 1}.`;
  expect(await answerOf('run-large', () => {}, never, parameters - 1)).toEqual({
    case: 'decline',
    value: { code: 'MODEL_TOO_LARGE', sentence },
  });
  expect(await answerOf('run-as-large', () => {}, never, parameters)).toMatchObject({ case: 'accept' });
});

it('accepts where the plan fits, or where the trainer failed today', async () => {
  expect(await answerOf('run-1', () => {})).toMatchObject({ case: 'accept' });
  expect(await answerOf('run-2', failing('ENGINE_CRASHED'))).toMatchObject({ case: 'accept' });
});

it('a bound dataset goes before one of the same name, and the version of the answer stays the one that was agreed to', async () => {
  const plan = { planDigest: planHash(SMALL_PLAN) };
  const pinned = 'a'.repeat(64);
  state.datasets.register('local-films', pinned, { train: 1, validation: 1, test: 1 });
  state.datasets.register('films', 'b'.repeat(64), { train: 1, validation: 1, test: 1 });
  expect(await answerOf('run-unbound', () => {})).toMatchObject({ case: 'decline' });
  state.bindings.bind('films', 'local-films');
  const accept = { case: 'accept', value: { datasetVersion: pinned } };
  expect(await answerOf('run-bound', () => {})).toMatchObject(accept);

  state.datasets.register('local-films', 'c'.repeat(64), { train: 1, validation: 1, test: 1 });
  state.bindings.unbind('films');
  const work = (datasetVersion: string) => ({ runId: 'run-bound', ...plan, datasetVersion });
  expect(acceptedPlan({ state }, work(pinned)).plan.name).toBe(SMALL_PLAN.name);
  expect(() => acceptedPlan({ state }, work('c'.repeat(64)))).toThrow(
    expect.objectContaining({ code: 'DATASET_UNSUITABLE' }),
  );
  expect(state.invitations.boundVersions()).toContain(pinned);
  state.bindings.bind('films', 'gone');
  expect(await answerOf('run-gone', () => {})).toMatchObject({ value: { code: 'DATASET_NOT_FOUND' } });
  state.bindings.unbind('films');
  state.datasets.register('films', pinned, { train: 1, validation: 1, test: 1 });
});

it('a stop in the middle is no answer', async () => {
  const stop = new AbortController();
  const stopped = answerOf(
    'run-3',
    () => {
      stop.abort();
      throw new ConsiliumError('STOPPED');
    },
    stop.signal,
  );
  await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' });
  expect(state.invitations.find('run-3')).toBeUndefined();
});

it('a run keeps the plan that was answered: another one under its id is refused, booked and said; the same one is fine', async () => {
  const other = planSchema.parse({ ...SMALL_PLAN, training: { ...SMALL_PLAN.training, epochsPerRound: 9 } });
  const accept = { case: 'accept', value: { datasetVersion: 'a'.repeat(64) } };
  expect(await answerOf('run-kept', () => {})).toMatchObject(accept);
  const before = state.invitations.find('run-kept');
  for (let times = 0; times < 3; times++)
    expect(await answerOf('run-kept', () => {}, undefined, undefined, other)).toMatchObject({
      case: 'decline',
      value: { code: 'PLAN_CONFLICT', sentence: ERRORS.PLAN_CONFLICT.say },
    });
  expect(state.invitations.find('run-kept')).toEqual(before);
  const work = { runId: 'run-kept', datasetVersion: 'a'.repeat(64) };
  expect(() => acceptedPlan({ state }, { ...work, planDigest: planHash(other) })).toThrow(
    expect.objectContaining({ code: 'PLAN_NOT_FOUND' }),
  );
  expect(state.refusals.list(1)).toMatchObject([
    { runId: 'run-kept', asked: 'invitation', code: 'PLAN_CONFLICT', times: 3 },
  ]);
  // The same plan again: the same answer, though the site would answer otherwise by now.
  state.datasets.register('films', 'd'.repeat(64), { train: 1, validation: 1, test: 1 });
  expect(await answerOf('run-kept', failing('PLAN_TOO_LARGE'))).toMatchObject(accept);
  expect(() => state.invitations.record({ ...before!, planDigest: planHash(other) })).toThrow(
    expect.objectContaining({ code: 'PLAN_CONFLICT' }),
  );
  state.invitations.markEnded('run-kept');
  expect(await answerOf('run-kept', () => {})).toMatchObject({ value: { code: 'RUN_EVENT_NOT_ALLOWED' } });
});

it('a receipt that was given stands', () => {
  const receipt = { id: 'u-1', auditIndex: 7, auditLeafHash: new Uint8Array(32) };
  state.outbox.keepReceipt('update', 'run-1', receipt);
  state.outbox.keepReceipt('update', 'run-1', receipt);
  for (const other of [{ auditIndex: 3 }, { auditLeafHash: new Uint8Array(32).fill(1) }])
    expect(() => state.outbox.keepReceipt('update', 'run-1', { ...receipt, ...other })).toThrow(
      expect.objectContaining({ code: 'RECEIPT_CONFLICT' }),
    );
  expect(state.outbox.lastReceiptAuditIndex()).toBe(7);
});
