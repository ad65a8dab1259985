import { ConsiliumError } from '@consilium/errors';
import { nextState, type TransitionTable } from './transition-table.js';

export type RunState = 'draft' | 'inviting' | 'running' | 'waiting' | 'paused' | 'completed' | 'failed' | 'aborted';
export type RunEvent = 'invite' | 'start' | 'wait' | 'proceed' | 'pause' | 'resume' | 'complete' | 'fail' | 'abort';

/**
 * The whole life of a run. `waiting` has a reason (a RunWait) and ends by itself; `paused` ends when a person says so.
 * `fail` is the machine's verdict, `abort` a person's.
 */
// biome-ignore format: a table, read by column
export const RUN_MACHINE = {
  draft:     { invite: 'inviting', abort: 'aborted' },
  inviting:  { start: 'running', fail: 'failed', abort: 'aborted' },
  running:   { wait: 'waiting', pause: 'paused', complete: 'completed', fail: 'failed', abort: 'aborted' },
  waiting:   { proceed: 'running', pause: 'paused', fail: 'failed', abort: 'aborted' },
  paused:    { resume: 'running', wait: 'waiting', fail: 'failed', abort: 'aborted' },
  completed: {},
  failed:    {},
  aborted:   {},
} as const satisfies TransitionTable<RunState, RunEvent>;

/** The state after `event`. Errors  RUN_EVENT_NOT_ALLOWED. */
export function advanceRun(from: RunState, event: RunEvent): RunState {
  const next = nextState<RunState, RunEvent>(RUN_MACHINE, from, event);
  if (next === undefined) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { from, event });
  return next;
}

/** True when nothing can happen to the run any more. */
export function isRunOver(state: RunState): boolean {
  return Object.keys(RUN_MACHINE[state]).length === 0;
}
