import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanView } from '../plans/plan.service.js';
import type { SiteView } from '../sites/site.service.js';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';
import type { ResultsView } from './results.js';
import type { RunView } from './run-view.js';

const MOST = Number.MAX_SAFE_INTEGER;

let federation: TestFederation;
let ash: FakeSite;
let birch: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  ash = await federation.site('ash');
  birch = await federation.site('birch');
});
afterAll(async () => federation.close());

/** What persons look at: the list, the run, the page and the results. */
async function looks(runId: string) {
  const list = await federation.json<RunView[]>('GET', '/api/runs');
  const results = await federation.http('GET', `/api/runs/${runId}/results`);
  const page = await federation.http('GET', '/');
  expect(page.status).toBe(200);
  const run = await federation.view(runId);
  expect(list.find(({ id }) => id === runId)).toEqual(run);
  return { list, run, results, page: await page.text() };
}

it('takes no statistics of more examples than the site had told of, nor of more than a number can count', async () => {
  const plan = tinyPlan('fedavg', { rounds: { count: 1, quorum: 2, deadlineSeconds: 600, answerSeconds: 600 } });
  const runId = await federation.run(plan, ['ash', 'birch']);
  for (const site of [ash, birch]) await site.accept(await site.next('invitation'));
  for (const site of [ash, birch]) await site.train(await site.next('train'));
  const asked = await ash.next('evaluate');
  // It had told of four; afterwards it may tell what it likes.
  await ash.hello(1n, ash.instanceId, 2n ** 31n - 1n);
  for (const examples of [5n, BigInt(MOST)])
    await expect(ash.evaluate(asked, 3, examples)).rejects.toMatchObject({ code: 'EVALUATION_INVALID' });
  await ash.evaluate(asked, 3);
  await birch.evaluate(await birch.next('evaluate'), 4);
  for (const site of [ash, birch]) site.begin();
  const run = await federation.ended(runId);
  expect(run).toMatchObject({ state: 'completed', problem: null });
  expect(run.rounds[0]?.validation).toMatchObject({ examples: 8, problem: null });
});

const classification = (examples: number) => ({
  kind: 'classification',
  examples,
  classes: [0, 1].map((c) => ({
    positives: [c === 0 ? examples : 0, ...new Array(10).fill(0)],
    negatives: [c === 0 ? 0 : examples, ...new Array(10).fill(0)],
  })),
  confusion: [examples, 0, 0, 0],
});

it.each([
  ['counts whose sum no number holds', classification(MOST), '(a sum beyond 2^53, or not of whole numbers)'],
  ['nothing', null, 'ash: The statistics do not fit the plan. (no statistics)'],
  ['statistics of another shape', { ...classification(3), classes: [] }, '(classes is not a list of 2)'],
  ['statistics of another kind', { kind: 'segmentation', films: 1, structures: [] }, '(statistics of another kind)'],
  ['a text', '"9007199254740991"', '(no statistics)'],
])('a stored row with %s leaves its round without a figure, and all else as it is', async (_what, statistics, said) => {
  const runId = (await federation.json<RunView[]>('GET', '/api/runs'))[0]!.id;
  await federation.stop();
  const kept = await federation.database.evaluation.findMany({ where: { runId } });
  const planted = statistics === null ? 'null' : JSON.stringify(statistics);
  await federation.database
    .$executeRaw`UPDATE evaluation SET statistics = ${planted}::jsonb WHERE run_id = ${runId}::uuid`;
  await federation.start();
  const { run, results, page } = await looks(runId);
  expect(run).toMatchObject({ state: 'completed', problem: null });
  expect(run.rounds[0]?.validation).toMatchObject({ metrics: {}, examples: 0 });
  expect(run.rounds[0]?.validation?.problem).toContain(said);
  expect(page).toContain('validation not computable');
  const { models } = (await results.json()) as ResultsView;
  expect(models.map(({ overall }) => overall.problem)).toEqual([
    expect.stringContaining(said),
    expect.stringContaining(said),
  ]);
  for (const { id, statistics: original } of kept)
    await federation.database.evaluation.update({ where: { id }, data: { statistics: original as object } });
});

it.each([
  ['a negative count', 'example_count = -5', 'The update states a number of examples that no dataset can have. (ash)'],
  ['a count beyond any number', `example_count = ${2n ** 62n}`, 'no dataset can have. (ash)'],
  ['a norm that is none', "delta_norm = 'NaN'", 'The update holds NaN or infinite values. (ash)'],
  ['an infinite norm', "delta_norm = 'Infinity'", 'infinite values. (ash)'],
  ['an infinite loss', "training_loss = '-Infinity'", null],
])('a stored update with %s leaves its round without weights, and all else as it is', async (_what, planted, said) => {
  const runId = (await federation.json<RunView[]>('GET', '/api/runs'))[0]!.id;
  await federation.stop();
  await federation.query('BEGIN; CREATE TABLE kept AS SELECT * FROM site_update; COMMIT');
  await federation.query(`UPDATE site_update SET ${planted} WHERE site_id = 'ash'`);
  await federation.start();
  const { run, page } = await looks(runId);
  expect(run).toMatchObject({ state: 'completed', problem: null });
  const limited = run.rounds[0]!.weights.map((weight) => weight.limited);
  if (said === null) expect(limited).toEqual([null, null]);
  else {
    expect(limited).toEqual([expect.stringContaining(said), expect.stringContaining(said)]);
    expect(page).toContain('has no weight that is computable');
  }
  await federation.query(
    'BEGIN; DELETE FROM site_update; INSERT INTO site_update SELECT * FROM kept; DROP TABLE kept; COMMIT',
  );
});

it.each(['null', '"none"', '[null, 7, {"name": "films"}]', '[{"name": "x", "version": "v", "train": "many"}]'])(
  'a site whose row holds %s is shown without it, and hides no other',
  async (planted) => {
    await federation.query(`UPDATE site SET datasets = '${planted}', back_ends = '${planted}' WHERE id = 'ash'`);
    const sites = await federation.json<SiteView[]>('GET', '/api/sites');
    expect(sites.map(({ id, datasets, backEnds }) => [id, datasets.length, backEnds.length])).toEqual([
      ['ash', 0, 0],
      ['birch', 1, 1],
    ]);
    expect((await federation.http('GET', '/')).status).toBe(200);
  },
);

it('a run whose plan is of another vocabulary is shown by what its own row says, and hides no other', async () => {
  const first = (await federation.json<RunView[]>('GET', '/api/runs'))[0]!;
  // The next Hello writes anew what the site has.
  await ash.hello();
  const other = await federation.run(tinyPlan('fedavg', { name: 'other' }), ['ash', 'birch']);
  await federation.ended(other);
  await federation.stop();
  const older = Buffer.from(JSON.stringify({ vocabularyVersion: 1 }));
  await federation.database.plan.update({
    where: { hash: first.planHash },
    data: { canonical: Uint8Array.from(older) },
  });
  await federation.start();
  const { list, run, page } = await looks(first.id);
  expect(run).toMatchObject({ planName: 'tiny', state: 'completed', rounds: [] });
  expect(run.problem).toBe('This run cannot be shown whole: The plan is not the one that its hash names.');
  expect(page).toContain('This run cannot be shown whole');
  expect(list.find(({ id }) => id === other)).toMatchObject({ state: 'completed', problem: null });
  const plans = await federation.json<PlanView[]>('GET', '/api/plans');
  expect(plans.map(({ name, plan, problem }) => [name, plan?.name, problem])).toEqual([
    ['tiny', undefined, 'The plan is not the one that its hash names.'],
    ['other', 'other', null],
  ]);
});
