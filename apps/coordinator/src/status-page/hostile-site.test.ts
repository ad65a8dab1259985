import { spawnSync } from 'node:child_process';
import { VOCABULARY_VERSION } from '@consilium/plan';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteView } from '../sites/site.service.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';
import { SOURCE_FLAGS } from '../testing/source-flags.fixture.js';

/** Sets the title, clears the screen, colours, turns the direction, forges a line, leaves the cell. */
const HOSTILE = '\u001b]0;x\u0007\u001b[2J\u009b31m\u202e\r\nOK: forged\u2028</td><script>x</script>';
const SHOWN =
  '\\u001b]0;x\\u0007\\u001b[2J\\u009b31m\\u202e\\r\\nOK: forged\\u2028&lt;/td&gt;&lt;script&gt;x&lt;/script&gt;';
/** What a terminal or a page acts on; lines end, and nothing else does. */
const ACTED_ON = /(?!\n)\p{Cc}|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(() => federation.close());

it('a page shows what a site has said as text: its datasets, its engines, why it declines', async () => {
  const site = await federation.site('alder');
  await site.calls.hello({
    ...{ instanceId: site.instanceId, startCount: 2n, agentVersion: HOSTILE, vocabularyVersion: VOCABULARY_VERSION },
    backEnds: [{ name: `engine ${HOSTILE}`, threads: 1 }],
    datasets: ['phantom', `dataset ${HOSTILE}`].map((name) => ({
      ...{ name, version: 'v1', train: 10n, validation: 4n, test: 4n },
    })),
  });
  const runId = await federation.run(
    tinyPlan('fedavg', { rounds: { count: 1, quorum: 1, deadlineSeconds: 60, answerSeconds: 60 } }),
  );
  const { planDigest } = await site.next('invitation');
  const value = { code: `code ${HOSTILE}`, sentence: `because ${HOSTILE}` };
  await site.calls.answerInvitation({ runId, planDigest, answer: { case: 'decline', value } }, site.metadata);
  await federation.ended(runId);

  const page = await (await federation.http('GET', '/')).text();
  for (const said of ['engine', 'dataset', 'because']) expect(page).toContain(`${said} ${SHOWN}`);
  expect(ACTED_ON.exec(page)).toBeNull();
  expect(page).not.toContain('<script');
  // What programs read stays what was said.
  const [view] = await federation.json<SiteView[]>('GET', '/api/sites');
  expect(view?.agentVersion).toBe(HOSTILE);
}, 60_000);

it('a line of the log is one line of text, and keeps its meaning', () => {
  const source = `
    import { ConsiliumError } from '@consilium/errors';
    import { createLogger, errorFields } from ${JSON.stringify(new URL('../platform/logger.ts', import.meta.url).href)};
    const text = ${JSON.stringify(HOSTILE)};
    const cause = new Error(text);
    createLogger().error({ site: text, ...errorFields(new ConsiliumError('SITE_UNKNOWN', { said: text }, cause)) }, text);`;
  const { stderr, status } = spawnSync(process.execPath, [...SOURCE_FLAGS, '--input-type=module', '--eval', source], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stderr.split('\n')).toHaveLength(2);
  expect(ACTED_ON.exec(stderr)).toBeNull();
  expect(JSON.parse(stderr)).toMatchObject({ site: HOSTILE, detail: { said: HOSTILE }, msg: HOSTILE });
});
