import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { FakeCoordinator } from '../testing/fake-coordinator.fixture.js';
import { temporaryFolder, writeSite } from '../testing/site.fixture.js';
import { identityProblems } from './check-identity.js';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const own = temporaryFolder();
const other = temporaryFolder();
const foreign = temporaryFolder();
let dir: string;
let coordinator: FakeCoordinator;
let elsewhere: FakeCoordinator;

beforeAll(async () => {
  coordinator = await FakeCoordinator.start();
  elsewhere = await FakeCoordinator.start('other-federation');
  await writeSite(own, coordinator, 'site-a');
  await writeSite(other, coordinator, 'site-b');
  await writeSite(foreign, elsewhere, 'site-a');
});
afterEach(() => rmSync(dir, { recursive: true }));
afterAll(async () => {
  await Promise.all([coordinator.stop(), elsewhere.stop()]);
  for (const folder of [own, other, foreign]) rmSync(folder, { recursive: true });
});

const copy = (from: string, ...files: string[]) => {
  for (const file of files) copyFileSync(join(from, 'tls', file), join(dir, 'tls', file));
};

it.each([
  [
    "another site's tls/",
    () => copy(other, 'site.pem', 'site.key'),
    'is of site site-b of test-federation, and site.json is of site site-a',
  ],
  [
    "another federation's tls/",
    () => copy(foreign, 'site.pem', 'site.key', 'ca.pem'),
    'is of site site-a of other-federation',
  ],
  ["another site's key", () => copy(other, 'site.key'), 'tls/site.key: is not the key of tls/site.pem'],
  ["another federation's ca.pem", () => copy(foreign, 'ca.pem'), 'was not issued by the authority in tls/ca.pem'],
  [
    'a broken certificate',
    () => writeFileSync(join(dir, 'tls', 'site.pem'), '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'),
    'tls/site.pem: no certificate that can be read',
  ],
  [
    "the coordinator's kind of certificate",
    () => copyFileSync(join(own, 'tls', 'ca.pem'), join(dir, 'tls', 'site.pem')),
    'tls/site.pem: names no site of a federation',
  ],
])(
  'start with %s ends before a byte is sent',
  (_, spoil, problem) => {
    dir = temporaryFolder();
    cpSync(own, dir, { recursive: true });
    spoil();
    const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, MAIN, 'start', '--dir', dir], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('CONFIG_INVALID');
    expect(stderr).toContain(problem);
    expect([coordinator.hellos.length, elsewhere.hellos.length]).toEqual([0, 0]);
  },
  30_000,
);

it('says when a certificate is not valid yet', () => {
  dir = temporaryFolder();
  const read = (file: string) => readFileSync(join(own, 'tls', file), 'utf8');
  const tls = { ca: read('ca.pem'), certificate: read('site.pem'), key: read('site.key') };
  const settings = { federation: 'test-federation', siteId: 'site-a' };
  expect(identityProblems(tls, settings)).toEqual([]);
  expect(identityProblems(tls, settings, new Date('2020-01-01'))).toContainEqual(
    expect.stringMatching(/^tls\/site\.pem: is valid from \d{4}-\d\d-\d\d on; is the clock right\?/),
  );
});
