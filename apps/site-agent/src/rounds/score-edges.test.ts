import { rmSync } from 'node:fs';
import { buildModel, deriveSeed, modelPorts } from '@consilium/models';
import { canonicalPlan, planHash, planSchema } from '@consilium/plan';
import { Split, type SubmitEvaluationRequest } from '@consilium/proto';
import { manifestOf, sha256Hex } from '@consilium/tensors';
import { defaultScoreEdges, type ScoreEdges } from '@consilium/validation';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runAgent } from '../agent.js';
import { addDataset } from '../commands/dataset.js';
import { digestBytes, digestHex, manifestToWire } from '../connection/wire.js';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { SMALL_PLAN } from '../testing/plan.fixture.js';
import { inState } from '../testing/run.fixture.js';
import { configOf, temporaryFolder, writeFilms, writeSite } from '../testing/site.fixture.js';
import { SOURCE_ENTRY } from '../trainer/source-entry.fixture.js';

const root = temporaryFolder();
const films = temporaryFolder();
const soon = { timeout: 60_000, interval: 20 };
const { task: _, model: __, ...rest } = SMALL_PLAN;
const plan = planSchema.parse({
  ...rest,
  task: { kind: 'classification', classes: ['clear', 'nodule'] },
  preprocessing: { height: 16, width: 16 },
  model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'group', groups: 2 } },
  validation: { scoreBins: 11 },
});
const model = buildModel(plan.model, modelPorts(plan));
const planDigest = digestBytes(planHash(plan));
const stop = new AbortController();
let coordinator: FakeCoordinator;
let version: string;
let agent: Promise<void>;

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  coordinator = await FakeCoordinator.start();
  await writeSite(root, coordinator);
  writeFilms(films, 24);
  await addDataset('films', { dir: root, from: films });
  vi.restoreAllMocks();
  const logger = createLogger('silent', 'site-a');
  agent = runAgent(configOf(root), { logger, trainerEntry: SOURCE_ENTRY }, stop.signal);
  agent.catch(() => {});
  const value = { runId: 'run-1', plan: canonicalPlan(plan), planDigest, invitedSites: ['site-a', 'site-b'] };
  coordinator.give({ case: 'invitation', value: value as never });
  await vi.waitFor(() => expect(coordinator.answers).toHaveLength(1), soon);
  version = inState(root, (state) => state.datasets.find('films')!.version);
}, 60_000);
afterAll(async () => {
  stop.abort();
  await agent.catch(() => {});
  await coordinator.stop();
  for (const folder of [root, films]) rmSync(folder, { recursive: true });
});

/** The answer to a test of a model with these edges. */
async function ask(n: number, edges: ScoreEdges): Promise<SubmitEvaluationRequest> {
  const before = coordinator.evaluations.length;
  const values = model.initialise(deriveSeed(n, 0, '', 'initialise'));
  const manifest = manifestOf(model.layout, values);
  const modelDigest = digestBytes(coordinator.addModel(manifest, values));
  const about = { evaluationId: `e-${n}-${before}`, runId: 'run-1', planDigest, datasetVersion: version };
  const asked = { ...about, modelDigest, model: manifestToWire(manifest), split: Split.TEST };
  const scoreEdges = edges.map((list) => ({ edges: list }));
  coordinator.give({ case: 'evaluate', value: { ...asked, scoreEdges } as never });
  await vi.waitFor(() => expect(coordinator.evaluations).toHaveLength(before + 1), soon);
  return coordinator.evaluations[before]!;
}
const failureOf = ({ result }: SubmitEvaluationRequest) => (result.case === 'failure' ? result.value.code : null);
function ofFinding({ result }: SubmitEvaluationRequest): { positives: bigint[]; negatives: bigint[] } {
  const kind = result.case === 'statistics' ? result.value.kind : undefined;
  return kind?.case === 'classification' ? kind.value.classes[1]! : { positives: [], negatives: [] };
}

const standard = defaultScoreEdges(2, 11);
/** Every score is above the first of them, and below the others. */
const wide: ScoreEdges = [0, 1].map(() => [-1000, ...Array.from({ length: 9 }, (_, i) => 1000 + i)]);

it('scores are counted in the bins that the assignment cuts, and the answer says which', async () => {
  const answer = await ask(1, wide);
  const { positives, negatives } = ofFinding(answer);
  expect(positives[1]! + negatives[1]!).toBe(6n);
  expect(digestHex(answer.scoreEdgesDigest)).toBe(sha256Hex(JSON.stringify(wide)));
}, 60_000);

it('the scores of a model are counted in no other bins again', async () => {
  expect(failureOf(await ask(1, standard))).toBe('EVALUATION_REFUSED');
  const again = await ask(1, wide);
  expect(ofFinding(again).positives).toHaveLength(11);
}, 60_000);

it('edges that are not the plan’s, or do not ascend, are refused before the data are opened', async () => {
  const falling = wide.map((list) => list.toReversed());
  for (const edges of [
    [],
    wide.slice(1),
    wide.map((list) => list.slice(1)),
    falling,
    [[...Array(10).keys()], Array(10).fill(Number.NaN)],
  ])
    expect(failureOf(await ask(2, edges))).toBe('EVALUATION_INVALID');
  expect(inState(root, (state) => state.work.counts('run-1').tests)).toBe(1);
  expect(ofFinding(await ask(2, standard)).positives).toHaveLength(11);
}, 60_000);
