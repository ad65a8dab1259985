import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runAgent } from '../agent.js';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { configOf, temporaryFolder, writeSite } from '../testing/site.fixture.js';
import { exitCodeOf, explain } from './explain.js';
import { status } from './status.js';

let coordinator: FakeCoordinator;
let root: string;
beforeAll(async () => {
  coordinator = await FakeCoordinator.start();
});
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});
afterAll(async () => coordinator.stop());

async function siteWith(validDays: number): Promise<void> {
  await writeSite(root, { tlsOfSite: (siteId) => coordinator.tlsOfSite(siteId, validDays), port: coordinator.port });
}

function statusOf(): string {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  status({ dir: root });
  return written.mock.calls.map(([text]) => text).join('');
}

it.each([
  [200.5, /certificate +valid until \d{4}-\d\d-\d\d, 200 days\n/],
  [12.5, /certificate +valid until \S+, 12 days: ask the operator of the coordinator for a new one/],
  [-0.002, /certificate +EXPIRED on \S+: ask the operator/],
])('status of a site whose certificate is good for %f days', async (days, text) => {
  await siteWith(days);
  const said = statusOf();
  expect(said).toMatch(text);
  expect(said).toMatch(/authority +valid until \S+, 36\d\d days\n/);
});

it('does not start with a certificate that has expired, says nothing to the coordinator, and says what to do', async () => {
  await siteWith(-0.002);
  const logger = createLogger('silent', 'site-a');
  const failure = await runAgent(configOf(root), { logger }, new AbortController().signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
  expect(coordinator.hellos).toEqual([]);
  expect(explain(failure).join()).toContain('What to do: Ask the operator for what `consilium site certificate` makes');
  expect(exitCodeOf(failure)).toBe(1);
});
