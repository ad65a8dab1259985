import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '@consilium/errors';
import { hasEnded, type RunView } from '../contract.js';
import type { CoordinatorClient } from '../coordinator-client.js';
import { isTerminal } from '../terminal.js';
import type { Progress } from './progress.js';
import { ProgressLines } from './progress-lines.js';
import { ProgressScreen } from './progress-screen.js';

export interface FollowOptions {
  readonly stop: AbortSignal;
  /** Called at each look; what it throws ends the following. */
  readonly check?: () => void;
  /** How long a coordinator that is being started again may be silent. */
  readonly patienceMs?: number;
}

const POLL_MS = 500;
const PATIENCE_MS = 120_000;

/** Shows the progress of runs until all have ended or `stop` fires; answers their last state. */
export async function followRuns(
  client: CoordinatorClient,
  ids: readonly string[],
  options: FollowOptions,
): Promise<readonly RunView[]> {
  const progress: Progress = isTerminal() ? new ProgressScreen() : new ProgressLines();
  let lastAnswerAt = Date.now();
  let runs: readonly RunView[] = [];
  try {
    while (!options.stop.aborted) {
      options.check?.();
      try {
        runs = await Promise.all(ids.map((id) => client.run(id)));
        lastAnswerAt = Date.now();
        progress.show(runs);
      } catch (error) {
        const isAway = errorCode(error) === 'COORDINATOR_UNREACHABLE';
        if (!isAway || Date.now() - lastAnswerAt > (options.patienceMs ?? PATIENCE_MS)) throw error;
      }
      if (runs.length > 0 && runs.every(hasEnded)) break;
      await sleep(POLL_MS, undefined, { signal: options.stop }).catch(() => {});
    }
    return runs;
  } finally {
    progress.close();
  }
}
