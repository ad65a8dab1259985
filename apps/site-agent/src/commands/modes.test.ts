import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runAgent } from '../agent.js';
import { createLogger } from '../platform/logger.js';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { configOf, temporaryFolder, writeFilms, writeSite } from '../testing/site.fixture.js';
import { addDataset } from './dataset.js';

const [root, films] = [temporaryFolder(), temporaryFolder()];
let coordinator: FakeCoordinator;
beforeAll(async () => {
  coordinator = await FakeCoordinator.start();
});
afterAll(async () => {
  await coordinator.stop();
  for (const folder of [root, films]) rmSync(folder, { recursive: true });
});

/** Of what the fixture has not written as a person would. */
function openToOthers(): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((place) => statSync(place).mode & 0o077)
    .map((place) => relative(root, place))
    .filter((place) => place !== 'site.json' && place.split('/')[0] !== 'tls');
}

it('leaves nothing in the folder of a site that another user of the machine could read', async () => {
  await writeSite(root, coordinator);
  writeFilms(films, 24);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await addDataset('films', { dir: root, from: films });
  vi.restoreAllMocks();
  const stop = new AbortController();
  const connected = Promise.withResolvers<void>();
  const logger = createLogger('silent', 'site-a');
  const living = runAgent(configOf(root), { logger, onConnected: () => connected.resolve() }, stop.signal);
  await connected.promise;
  expect(openToOthers()).toEqual([]);
  stop.abort();
  await living;
  expect(openToOthers()).toEqual([]);
}, 60_000);
