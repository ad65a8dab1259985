import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopPostgres } from '@consilium/postgres';
import type { Environment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { chosenFolder, readUp } from '../federation-folder.js';
import { programFile } from '../installation.js';
import { endLeftover, isAlive, isStill } from '../processes/leftover.js';
import { print } from '../terminal.js';

const GRACE_MS = 40_000;

/** `consilium down`: stops what `up` started, also when `up` itself was killed. */
export async function down(options: { readonly dir?: string }, environment: Environment): Promise<void> {
  const folder = await chosenFolder(options.dir, environment.federationFolder);
  const up = await readUp(folder);
  let stopped = false;
  if (up && (await isStill(up.pid, 'consilium'))) {
    process.kill(up.pid, 'SIGTERM');
    for (const end = Date.now() + GRACE_MS; isAlive(up.pid) && Date.now() < end; ) await sleep(50);
    stopped = true;
  }
  if (up) stopped = (await endLeftover(up.coordinatorPid, programFile('coordinator'))) || stopped;
  stopped = (await stopPostgres(folder.postgres)) || stopped;
  await rm(folder.up, { force: true });
  if (!stopped)
    throw new AdvisedError('NOT_RUNNING', 'There is nothing to stop; name another folder with --dir.', {
      folder: folder.root,
    });
  print('stopped');
}
