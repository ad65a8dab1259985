import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';

const LIVE_RUNS = 12;
const LONGEST_HELLO_MS = 1000;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(async () => federation.close());

it('greets a site at once while it takes up twelve live runs, each of a plan of its own', async () => {
  const site = await federation.site('ash');
  await federation.site('birch');
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  for (let seed = 1; seed <= LIVE_RUNS; seed++)
    await federation.run(tinyPlan('fedavg', { rounds, seed }), ['ash', 'birch']);
  await federation.stop();
  await federation.start({ dial: false });
  const since = performance.now();
  await federation.dial(site);
  const helloMs = performance.now() - since;
  console.info(`hello beside ${LIVE_RUNS} live runs at start: ${helloMs.toFixed(0)} ms`);
  expect(helloMs).toBeLessThan(LONGEST_HELLO_MS);
});
