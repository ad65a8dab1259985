import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { ConsiliumError } from '@consilium/errors';
import { CoordinatorService, SubmitEvaluationRequestSchema, type TrainAssignment } from '@consilium/proto';
import { payloadBytes } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  examplesOf,
  type FakeSite,
  scoreEdgesDigest,
  updateRequest,
  wireManifest,
} from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
let site: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  site = await federation.site('ash');
}, 60_000);
afterAll(async () => federation.close());

const INTEGERS = [0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n];
const LONG_INTEGERS = [...INTEGERS, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const FLOATS = [0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.7e308, -1.7e308, 5e-324];

function extremesOf(field: DescField): readonly (number | bigint)[] {
  if (field.enum !== undefined) return [0, 99, -1, 2 ** 31 - 1];
  switch (field.scalar) {
    case ScalarType.UINT32:
      return INTEGERS.map(Number);
    case ScalarType.UINT64:
      return LONG_INTEGERS;
    case ScalarType.DOUBLE:
      return FLOATS;
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.BOOL:
    case undefined:
      return [];
    default:
      throw new Error(`${field.toString()}: a kind of number that this test does not know`);
  }
}

interface Case {
  readonly path: string;
  readonly value: number | bigint;
  /** Puts the value in its place, and answers how to take it away again. */
  readonly apply: () => () => void;
}

/** Every number of a message and of the messages in it, at each of its extremes. */
function casesOf(message: ReflectMessage, path: string): Case[] {
  return message.fields.flatMap((field): Case[] => {
    const at = `${path}.${field.name}`;
    if (field.fieldKind === 'message') return message.isSet(field) ? casesOf(message.get(field), at) : [];
    if (field.fieldKind === 'list') {
      const list = message.get(field);
      if (field.listKind === 'message') return list.size > 0 ? casesOf(list.get(0) as ReflectMessage, `${at}[0]`) : [];
      return extremesOf(field).map((value) => ({
        ...{ path: `${at}[0]`, value },
        apply: () => {
          const before = list.get(0);
          list.set(0, value);
          return () => list.set(0, before);
        },
      }));
    }
    return extremesOf(field).map((value) => ({
      ...{ path: at, value },
      apply: () => {
        const before = message.isSet(field) ? message.get(field) : undefined;
        // Beyond what the generated type allows: this is what arrives, not what a well-behaved agent sends.
        (message.message as unknown as Record<string, unknown>)[field.localName] ??= 0;
        message.set(field, value as never);
        return () => (before === undefined ? message.clear(field) : message.set(field, before as never));
      },
    }));
  });
}

/** What each call was answered with: a code, or `ok`. */
async function answers<S extends DescMessage>(
  schema: S,
  message: MessageShape<S>,
  call: (message: MessageShape<S>) => Promise<unknown>,
) {
  const outcomes: [string, string, string][] = [];
  for (const { path, value, apply } of casesOf(reflect(schema, message as Message as never, false), schema.name)) {
    const undo = apply();
    const code = await call(message).then(
      () => 'ok',
      (error: unknown) => (error instanceof ConsiliumError ? error.code : String(error)),
    );
    undo();
    outcomes.push([path, String(value), code]);
  }
  const bad = outcomes.filter(([, , code]) => (code !== 'ok' && !/^[A-Z_]+$/.test(code)) || code === 'INTERNAL');
  expect(bad).toEqual([]);
  expect(outcomes.filter(([, , code]) => code === 'RATE_LIMITED')).toEqual([]);
  return outcomes;
}

const { method } = CoordinatorService;

it('answers every number of Hello and of a poll with a code of the table', async () => {
  const { input } = method.hello;
  const dataset = { name: 'phantom', version: 'v1', train: 1n, validation: 1n, test: 1n };
  const all: unknown[] = [];
  // A site each, because a site may not say hello as often as that.
  const fields = casesOf(reflect(input, create(input, { backEnds: [{}], datasets: [dataset] })), '').map((c) => c.path);
  for (const [index, path] of [...new Set(fields)].entries()) {
    const other = await federation.site(`hello-${index}`);
    const message = create(input, {
      ...{ instanceId: other.instanceId, startCount: 3n, agentVersion: 'test', vocabularyVersion: 1 },
      ...{ backEnds: [{ name: 'cpu', threads: 1 }], datasets: [dataset] },
    });
    const mine = casesOf(reflect(input, message, false), '').filter((c) => c.path === path);
    for (const { value, apply } of mine) {
      const undo = apply();
      const code = await other.calls.hello(message).then(
        () => 'ok',
        (error: ConsiliumError) => error.code,
      );
      undo();
      all.push([path, String(value), code]);
    }
  }
  expect(all.filter((outcome) => /INTERNAL|undefined|RATE/.test(String(outcome)))).toEqual([]);
  expect(all.length).toBeGreaterThan(50);
}, 120_000);

it('answers every number of all other calls with a code of the table', async () => {
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash']);
  const { calls, metadata } = site;
  const seen: [string, string, string][] = [];
  const invitation = await site.next('invitation');
  const accept = { case: 'accept' as const, value: { datasetVersion: 'v1', exampleCount: 10n } };
  const answer = create(method.answerInvitation.input, { runId, planDigest: invitation.planDigest, answer: accept });
  // A dataset that the site does not have, so that none of them is accepted for good.
  (answer.answer.value as { datasetVersion: string }).datasetVersion = 'v0';
  seen.push(...(await answers(method.answerInvitation.input, answer, (m) => calls.answerInvitation(m, metadata))));
  const poll = create(method.pollWork.input, { waitMs: 1 });
  seen.push(...(await answers(method.pollWork.input, poll, (m) => calls.pollWork(m, metadata))));
  await site.accept(invitation);

  const train: TrainAssignment = await site.next('train');
  const progress = create(method.reportProgress.input, { runId, round: 1, stage: 2, loss: 0.5 });
  seen.push(...(await answers(method.reportProgress.input, progress, (m) => calls.reportProgress(m, metadata))));
  const ranges = [{ digest: train.model!.chunkDigests[0]!, offset: 0n }];
  const fetch = create(method.fetchChunks.input, { modelDigest: train.modelDigest, ranges });
  const drain = async (m: typeof fetch) => {
    for await (const _ of calls.fetchChunks(m, metadata));
  };
  seen.push(...(await answers(method.fetchChunks.input, fetch, drain)));
  const { values, manifest } = site.delta(train);
  const offer = create(method.offerManifest.input, { runId, round: 1, manifest: wireManifest(manifest) });
  seen.push(...(await answers(method.offerManifest.input, offer, (m) => calls.offerManifest(m, metadata))));
  const data = Uint8Array.from(payloadBytes(values).subarray(0, 100));
  const piece = { digest: wireManifest(manifest).chunkDigests[0]!, offset: 0n, data };
  const put = create(method.putChunks.input, { runId, round: 1, piece });
  seen.push(...(await answers(method.putChunks.input, put, (m) => calls.putChunks([m], metadata))));
  await site.upload(train, manifest, values);
  const update = create(method.submitUpdate.input, updateRequest(site, train, manifest));
  seen.push(...(await answers(method.submitUpdate.input, update, (m) => calls.submitUpdate(m, metadata))));
  expect(seen.filter(([path, , code]) => path.includes('Submit') && code === 'ok').length).toBeGreaterThan(0);
  const codeOf = (path: string, value: bigint) => seen.find(([at, said]) => at === path && said === String(value))?.[2];
  for (const path of ['ReportProgressRequest.epoch', 'ReportProgressRequest.round', 'SubmitUpdateRequest.base_round'])
    expect([path, codeOf(path, 2n ** 31n)]).toEqual([path, 'REQUEST_INVALID']);
  expect(codeOf('SubmitUpdateRequest.example_count', 2n ** 64n - 1n)).toBe('REQUEST_INVALID');
}, 120_000);

it('answers every number of an evaluation with a code of the table', async () => {
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const oak = await federation.site('oak');
  await federation.run(tinyPlan('fedavg', { rounds }), ['oak']);
  await oak.accept(await oak.next('invitation'));
  await oak.train(await oak.next('train'));
  const asked = await oak.next('evaluate');
  const { evaluationId, modelDigest, datasetVersion, split } = asked;
  const kinds = [
    examplesOf(3, 0n),
    { kind: { case: 'segmentation' as const, value: { films: 1n, structures: [{ emptyFilms: 0n }] } } },
  ];
  let cases = 0;
  for (const value of kinds) {
    const message = create(SubmitEvaluationRequestSchema, {
      ...{ evaluationId, modelDigest, datasetVersion, split, scoreEdgesDigest: scoreEdgesDigest(asked) },
      result: { case: 'statistics', value },
    });
    const call = (m: typeof message) => oak.calls.submitEvaluation(m, oak.metadata);
    cases += (await answers(SubmitEvaluationRequestSchema, message, call)).length;
  }
  expect(cases).toBeGreaterThan(100);
}, 120_000);
