import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { reachableBinaries } from './binaries.js';
import { serverUser } from './server-user.js';

const user = serverUser();

it.skipIf(user.uid === undefined)('makes a copy anew that was made while a library was missing', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'consilium-binaries-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o711);
  const closed = path.join(root, 'closed');
  const bin = path.join(closed, 'native/bin');
  await mkdir(bin, { recursive: true });
  await chmod(closed, 0o700);
  const found = { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb'), version: '1.0.0' };
  await writeFile(found.postgres, '#!/bin/sh\nread -r _ < "$(dirname "$0")/../library"\n', { mode: 0o755 });
  const system = path.join(root, 'system');
  const copy = await reachableBinaries(found, user, system);
  expect(copy.postgres).toBe(path.join(system, 'postgres-1.0.0/bin/postgres'));
  await writeFile(path.join(closed, 'native/library'), 'whole\n');
  expect(await reachableBinaries(found, user, system)).toEqual(copy);
  expect(await readFile(path.join(system, 'postgres-1.0.0/library'), 'utf8')).toBe('whole\n');
  await rm(closed, { recursive: true });
  // Runs by now, and is left as it is: there is nothing any more that it could be made from.
  expect(await reachableBinaries(found, user, system)).toEqual(copy);
});
