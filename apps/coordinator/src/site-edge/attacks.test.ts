import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAuthority, issueSiteCertificate } from '@consilium/pki';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeSite } from '../testing/fake-site.fixture.js';
import { TestFederation } from '../testing/federation.fixture.js';

const ATTACKER = fileURLToPath(new URL('../testing/attacker.fixture.mjs', import.meta.url));
const LONGEST_HELLO_MS = 1000;
/** Many more of them are timed, on a machine that the attacker shares. */
const LONGEST_POLL_MS = 2000;
const MOST_GROWTH_MEBIBYTES = 200;
const SECONDS = 5;

interface Counts {
  readonly opened: number;
  readonly answered: number;
  readonly refused: number;
  readonly connectionsLost: number;
}

let federation: TestFederation;
let honest: FakeSite;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
  honest = await federation.site('honest');
}, 60_000);
afterAll(async () => federation.close());

/** Another site meanwhile says hello and polls all the time; answers its slowest calls and what this process grew by. */
async function under(attack: string, count: number, identity?: FakeSite['identity']) {
  const site = await federation.site(attack);
  const child = fork(ATTACKER, { serialization: 'json' });
  const done = once(child, 'message') as Promise<[{ counts: Counts }]>;
  const rssBefore = process.memoryUsage().rss;
  const port = Number(federation.grpcAddress.split(':').at(-1));
  child.send({
    ...{ attack, count, port, seconds: SECONDS, instanceId: site.instanceId },
    identity: identity ?? site.identity,
  });
  const slowest = { hello: 0, poll: 0 };
  const timed = async (what: 'hello' | 'poll', call: () => Promise<unknown>) => {
    const since = performance.now();
    await call();
    slowest[what] = Math.max(slowest[what], performance.now() - since);
  };
  let rss = rssBefore;
  let isOver = false;
  void done.then(() => {
    isOver = true;
  });
  for (let n = 0; !isOver; n++) {
    if (n % 20 === 0) await timed('hello', () => honest.hello());
    await timed('poll', () => honest.poll());
    rss = Math.max(rss, process.memoryUsage().rss);
    await sleep(50);
  }
  const [{ counts }] = await done;
  const grownMebibytes = Math.round((rss - rssBefore) / 2 ** 20);
  const figures = { helloMs: Math.round(slowest.hello), pollMs: Math.round(slowest.poll), grownMebibytes };
  console.info(`${attack} x ${count}:`, JSON.stringify({ ...figures, ...counts }));
  expect(figures.helloMs).toBeLessThan(LONGEST_HELLO_MS);
  expect(figures.pollMs).toBeLessThan(LONGEST_POLL_MS);
  expect(figures.grownMebibytes).toBeLessThan(MOST_GROWTH_MEBIBYTES);
  // Hellos have a rate of their own, which the next attack's are not to meet.
  await sleep(1000);
  return counts;
}

it('20,000 polls on one connection hold up nobody else and fill no memory', async () => {
  const { opened, connectionsLost, refused } = await under('polls', 20_000);
  expect(opened).toBe(20_000);
  expect(refused + connectionsLost).toBeGreaterThan(0);
}, 60_000);

it('20,000 polls that keep to the streams of a connection are told to wait, and the connection is cut', async () => {
  const { opened, answered, connectionsLost } = await under('patience', 20_000);
  expect([opened, connectionsLost]).toEqual([20_000, 1]);
  expect(answered).toBeLessThan(2000);
}, 60_000);

it('200 connections of one site leave it with a few', async () => {
  const { connectionsLost } = await under('connections', 200);
  expect(connectionsLost).toBeGreaterThan(180);
}, 60_000);

it('10,000 resets a second hold up nobody else', async () => {
  const { opened } = await under('resets', 10_000);
  expect(opened).toBeGreaterThan(10_000);
}, 60_000);

it('600 connections without a certificate, with a wrong one, and without TLS hold up nobody else', async () => {
  const authority = await createAuthority({ federation: 'test' });
  const { connectionsLost } = await under(
    'strangers',
    600,
    await issueSiteCertificate(authority, { siteId: 'strangers' }),
  );
  expect(connectionsLost).toBeGreaterThanOrEqual(400);
}, 60_000);

it('an unchanged Hello writes nothing, and one that always changes a few kilobytes', async () => {
  const site = await federation.site('chatty');
  const sizeOf = async () => {
    const [row] = await federation.database.$queryRaw<[{ bytes: number; entries: number }]>`
      SELECT COALESCE(SUM(length(bytes)), 0)::int AS bytes, COUNT(*)::int AS entries FROM audit_entry`;
    return row;
  };
  const datasets = (n: number) =>
    Array.from({ length: 1000 }, (_, at) => ({
      ...{ name: `${'d'.repeat(190)}-${at}`, version: `v${n}`, train: 1n, validation: 1n, test: 1n },
    }));
  /** A site that has said hello too often, or something new too often. */
  const hello = (n: number) =>
    site.calls.hello({ instanceId: site.instanceId, startCount: 1n, agentVersion: 'test', datasets: datasets(n) });
  const before = await sizeOf();
  await hello(1);
  const first = await sizeOf();
  expect(first.entries - before.entries).toBe(1);
  await Promise.all([1, 1, 1, 1, 1].map(hello));
  expect(await sizeOf()).toEqual(first);
  const outcomes = await Promise.allSettled(Array.from({ length: 515 }, (_, n) => hello(n + 2)));
  const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
  const after = await sizeOf();
  console.info(`515 hellos: ${after.entries - first.entries} entries, ${after.bytes - first.bytes} bytes`);
  expect(codes.length).toBeGreaterThan(480);
  expect(after.bytes - before.bytes).toBeLessThan(8 * 1024);
  const limited = outcomes.find((o) => o.status === 'rejected' && o.reason.code === 'RATE_LIMITED');
  expect(limited).toMatchObject({ reason: { detail: { retryAfterMs: expect.any(Number) } } });
}, 60_000);
