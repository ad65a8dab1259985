import type { AuditEntry } from '@consilium/audit';
import type { EvaluateAssignment } from '@consilium/proto';
import {
  addStatistics,
  type ClassificationStatistics,
  defaultScoreEdges,
  edgesOfEqualMass,
  type ScoreEdges,
} from '@consilium/validation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { statisticsFromWire } from '../site-edge/wire.js';
import { examplesOf, type FakeSite, scoreEdgesDigest } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

const STANDARD = defaultScoreEdges(2, 11);
const rounds = { count: 2, quorum: 2, deadlineSeconds: 60, answerSeconds: 60 };

let federation: TestFederation;
let sites: FakeSite[];
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
});
afterAll(async () => federation.close());

/** Two sites have accepted a run, with more examples for validation than the fixture's four; training changes weights by `deltas`. */
async function begun(
  strategy: 'fedavg' | 'local',
  deltas: readonly [number, number] = [0.001, 0.002],
): Promise<string> {
  const names = deltas.map((_, i) => `${strategy}-${++made}-${i}`);
  sites = [];
  for (const [i, name] of names.entries()) sites.push(await federation.site(name, { delta: () => deltas[i]! }));
  for (const site of sites) await site.hello(1n, site.instanceId, 50n);
  const runId = await federation.run(tinyPlan(strategy, { rounds }), names);
  for (const site of sites) await site.accept(await site.next('invitation'));
  return runId;
}
let made = 0;

/** Trains a round; answers what the sites are then asked to evaluate. */
async function trained(): Promise<EvaluateAssignment[]> {
  for (const site of sites) await site.train(await site.next('train'));
  return askedNow();
}

const askedNow = async () => Promise.all(sites.map((site) => site.next('evaluate')));
const edgesOf = ({ scoreEdges }: EvaluateAssignment): ScoreEdges => scoreEdges.map(({ edges }) => edges);
const hex = (asked: EvaluateAssignment) => Buffer.from(scoreEdgesDigest(asked)).toString('hex');
/** What a site counts of four examples and of `more` in the first bin. */
const counted = (right: number, more: bigint) =>
  statisticsFromWire(examplesOf(right, more) as never) as ClassificationStatistics;

it('each validation has the edges of the one before, the tests those of the model, and all sites the same', async () => {
  const runId = await begun('fedavg');
  const first = await trained();
  expect(first.map(edgesOf)).toEqual([STANDARD, STANDARD]);
  await sites[0]!.evaluate(first[0]!, 3, 16n);
  await sites[1]!.evaluate(first[1]!, 4, 6n);
  const afterFirst = edgesOfEqualMass(
    addStatistics([counted(3, 12n), counted(4, 2n)]) as ClassificationStatistics,
    STANDARD,
    'model before',
  );
  expect(afterFirst).not.toEqual(STANDARD);

  const second = await trained();
  expect(second.map(edgesOf)).toEqual([afterFirst, afterFirst]);
  await sites[0]!.evaluate(second[0]!, 4, 20n);
  // One site's answer is missing from the counts of the last round: the edges follow those that are there.
  await sites[1]!.calls.submitEvaluation(
    {
      ...second[1]!,
      ...{ $typeName: undefined, subgroup: '' },
      result: { case: 'failure', value: { code: 'TRAINER_FAILED', sentence: '' } },
    } as never,
    sites[1]!.metadata,
  );
  const ofModel = edgesOfEqualMass(counted(4, 16n), afterFirst, 'same model');
  const tests = await askedNow();
  for (const [i, site] of sites.entries()) await site.evaluate(tests[i]!);
  tests.push(...(await askedNow()));
  const initial = (await federation.database.run.findUniqueOrThrow({ where: { id: runId } })).initialModelDigest;
  for (const test of tests) {
    const isInitial = Buffer.from(test.modelDigest).toString('hex') === initial;
    expect(edgesOf(test)).toEqual(isInitial ? STANDARD : ofModel);
  }
  for (const [i, site] of sites.entries()) await site.evaluate(tests[i + 2]!);
  expect((await federation.ended(runId)).state).toBe('completed');

  const stored = await federation.database.evaluation.findMany({ where: { runId, state: 'received' } });
  const rows = await federation.database.auditEntry.findMany({ orderBy: { seq: 'asc' } });
  const entries = rows.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as AuditEntry);
  for (const { id, scoreEdgesDigest } of stored) {
    const said = entries.filter(({ subject }) => subject.id === id);
    expect(said.map(({ type, payload }) => [type, payload.scoreEdgesDigest])).toEqual([
      ['evaluation.assigned', scoreEdgesDigest],
      ['evaluation.received', scoreEdgesDigest],
    ]);
  }
  expect(new Set(stored.map((row) => row.scoreEdgesDigest))).toEqual(new Set([...first, ...second, ...tests].map(hex)));
}, 60_000);

it('statistics that were counted with other edges are refused, and so are those that say nothing of theirs', async () => {
  await begun('fedavg');
  const [asked] = await trained();
  const other = edgesOfEqualMass(counted(4, 20n), STANDARD, 'same model').map((edges) => ({ edges: [...edges] }));
  for (const scoreEdges of [other, []])
    await expect(sites[0]!.evaluate({ ...asked!, scoreEdges } as never)).rejects.toMatchObject({
      code: 'EVALUATION_INVALID',
    });
  await sites[0]!.evaluate(asked!);
});

it('in a local run one cut serves all models of a round, and the tests of each model follow its own validation', async () => {
  const runId = await begun('local');
  const first = await trained();
  expect(first.map(edgesOf)).toEqual([STANDARD, STANDARD]);
  await sites[0]!.evaluate(first[0]!, 3, 24n);
  await sites[1]!.evaluate(first[1]!, 3, 40n);
  const second = await trained();
  const both = addStatistics([counted(3, 20n), counted(3, 36n)]) as ClassificationStatistics;
  const ofRound = edgesOfEqualMass(both, STANDARD, 'model before');
  expect(second.map(edgesOf)).toEqual([ofRound, ofRound]);
  // The second site has too few examples for edges of its own.
  await sites[0]!.evaluate(second[0]!, 4, 24n);
  await sites[1]!.evaluate(second[1]!, 4, 8n);
  const hexOf = ({ modelDigest }: EvaluateAssignment) => Buffer.from(modelDigest).toString('hex');
  const expected = new Map([[hexOf(second[0]!), edgesOfEqualMass(counted(4, 20n), ofRound, 'same model')]]);
  for (let model = 0; model < 3; model++)
    for (const site of sites) {
      const test = await site.next('evaluate');
      expect(edgesOf(test)).toEqual(expected.get(hexOf(test)) ?? STANDARD);
      await site.evaluate(test);
    }
  const { rounds } = await federation.ended(runId);
  expect(rounds.map(({ validation }) => [validation?.examples, validation?.problem])).toEqual([
    [64, null],
    [32, null],
  ]);
}, 60_000);

it('counts in different bins are not added up', async () => {
  const runId = await begun('fedavg');
  const first = await trained();
  await sites[0]!.evaluate(first[0]!);
  const { evaluationId: id } = first[0]!;
  await federation.database.evaluation.update({ where: { id }, data: { scoreEdgesDigest: null } });
  await sites[1]!.evaluate(first[1]!);
  const run = await federation.until(runId, ({ rounds: [round] }) => round?.state === 'closed');
  const { validation } = run.rounds[0]!;
  expect(validation).toMatchObject({ metrics: {}, problem: 'The sites counted scores in different bins.' });
  expect(validation!.sites.map(({ metrics }) => metrics.accuracy)).toEqual([0.75, 0.75]);
}, 60_000);

it('a model that a round did not change is counted in the same bins again', async () => {
  await begun('fedavg', [0, 0]);
  const first = await trained();
  for (const [i, site] of sites.entries()) await site.evaluate(first[i]!, 3, 30n);
  const second = await trained();
  expect(second[0]!.modelDigest).toEqual(first[0]!.modelDigest);
  expect(second.map(edgesOf)).toEqual([STANDARD, STANDARD]);
}, 60_000);
