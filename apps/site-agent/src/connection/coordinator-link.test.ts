import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { CoordinatorLink } from './coordinator-link.js';

let coordinator: FakeCoordinator;
beforeAll(async () => {
  coordinator = await FakeCoordinator.start();
});
afterAll(async () => coordinator.stop());

const { signal } = new AbortController();

async function openLink(changes: { ca?: string } = {}): Promise<CoordinatorLink> {
  return new CoordinatorLink({
    addresses: [`127.0.0.1:${coordinator.port}`],
    tls: { ...(await coordinator.tlsOfSite('site-a')), ...changes },
    instanceId: 'instance-1',
    hello: () => ({ instanceId: 'instance-1' }),
    onHello: () => {},
    logger: createLogger('silent', 'site-a'),
  });
}

function poll(link: CoordinatorLink) {
  return link.callOnce((client, options) => client.pollWork({ waitMs: 0 }, options), signal);
}

it('greets anew after a greeting that failed of anything but the network', async () => {
  const link = await openLink();
  coordinator.helloRefusal = 'INTERNAL';
  await expect(poll(link)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await poll(link)).toMatchObject({ work: { case: undefined } });
  expect(coordinator.hellos).toHaveLength(2);
  expect(link.fatalSignal.aborted).toBe(false);
  link.close();
});

it('ends the agent when its own certificate cannot be used', async () => {
  const link = await openLink({ ca: 'no certificate' });
  await expect(poll(link)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
  expect(link.fatalSignal.reason).toMatchObject({ code: 'CERTIFICATE_INVALID' });
});

it('waits as long as the coordinator asks when it has called too often, on the same connection', async () => {
  const { hellos } = coordinator;
  const link = await openLink();
  coordinator.helloRefusal = 'RATE_LIMITED';
  const before = hellos.length;
  const since = performance.now();
  const answer = await link.call((client, options) => client.pollWork({ waitMs: 0 }, options), signal);
  expect(answer).toMatchObject({ work: { case: undefined } });
  expect(performance.now() - since).toBeGreaterThanOrEqual(700);
  expect(hellos).toHaveLength(before + 2);
  link.close();
});
