import { monitorEventLoopDelay } from 'node:perf_hooks';
import { buildModel, deriveSeed, modelPorts, parameterCount } from '@consilium/models';
import { resolvePlan } from '@consilium/plan';
import { manifestDigest, manifestOf } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  await federation.site('ash');
});
afterAll(async () => federation.close());

const normalisation = { kind: 'group', groups: 4 } as const;
const rounds = { count: 1, quorum: 1, deadlineSeconds: 60, answerSeconds: 60 };
const sized = (layers: 18 | 34, baseWidth: number) =>
  tinyPlan('fedavg', { rounds, model: { family: 'resnet', layers, baseWidth, normalisation } });

it('starts a run of 48 million parameters while it answers as ever, and holds none of them', async () => {
  const input = sized(34, 96);
  const plan = resolvePlan(input);
  expect(parameterCount(plan.model, modelPorts(plan))).toBeGreaterThan(47_000_000);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 10);
  delay.enable();
  const run = await federation.view(await federation.run(input, ['ash']));
  delay.disable();
  clearInterval(sampling);
  const longestMs = delay.max / 1e6;
  console.log(`longest pause ${longestMs.toFixed(0)} ms, ${(most / 2 ** 20).toFixed(0)} MiB of buffers`);
  // 2300 ms when the weights were made here; 190 MB of them.
  expect(longestMs).toBeLessThan(500);
  expect(most).toBeLessThan(64 * 2 ** 20);
  const values = buildModel(plan.model, modelPorts(plan)).initialise(deriveSeed(plan.seed, 0, '', 'initial-weights'));
  const { layout } = buildModel(plan.model, modelPorts(plan));
  expect(run.initialModelDigest).toBe(manifestDigest(manifestOf(layout, values)));
});

it('refuses a larger model than its bound when it is submitted and when a run of it is started, with both numbers', async () => {
  const response = await federation.http('POST', '/api/plans', { plan: sized(34, 128) });
  expect(response.status).toBe(400);
  const message = /has 85\d{6} parameters; this coordinator takes at most 64000000 \(CONSILIUM_MAXIMUM_PARAMETERS\)/;
  expect(await response.json()).toMatchObject({
    code: 'MODEL_TOO_LARGE',
    problems: [{ path: 'model', message: expect.stringMatching(message) }],
  });
  const { hash } = await federation.json<{ hash: string }>('POST', '/api/plans', { plan: sized(18, 8) });
  await federation.stop();
  await federation.start({ maximumParameters: 1000 });
  for (const dryRun of [true, false])
    expect(await (await federation.http('POST', '/api/runs', { planHash: hash, dryRun })).json()).toMatchObject({
      code: 'MODEL_TOO_LARGE',
      problems: [{ message: expect.stringContaining('at most 1000') }],
    });
});
