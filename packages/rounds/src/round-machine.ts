import { ConsiliumError } from '@consilium/errors';
import { nextState, type TransitionTable } from './transition-table.js';

export type RoundState = 'planned' | 'recruiting' | 'training' | 'aggregating' | 'validating' | 'closed' | 'aborted';
export type RoundEvent =
  | 'recruit'
  | 'fixCohort'
  | 'closeSubmissions'
  | 'proposeCandidate'
  | 'accept'
  | 'reject'
  | 'abort';

/** The whole life of a round. Read down for the happy path; every live row may also abort. */
// biome-ignore format: a table, read by column
export const ROUND_MACHINE = {
  planned:     { recruit: 'recruiting', abort: 'aborted' },
  recruiting:  { fixCohort: 'training', abort: 'aborted' },
  training:    { closeSubmissions: 'aggregating', abort: 'aborted' },
  aggregating: { proposeCandidate: 'validating', abort: 'aborted' },
  validating:  { accept: 'closed', reject: 'aborted', abort: 'aborted' },
  closed:      {},
  aborted:     {},
} as const satisfies TransitionTable<RoundState, RoundEvent>;

/** The state after `event`. Errors  ROUND_EVENT_NOT_ALLOWED; the old state never comes back to mean "no". */
export function advanceRound(from: RoundState, event: RoundEvent): RoundState {
  const next = nextState<RoundState, RoundEvent>(ROUND_MACHINE, from, event);
  if (next === undefined) throw new ConsiliumError('ROUND_EVENT_NOT_ALLOWED', { from, event });
  return next;
}

/** True when nothing can happen to the round any more. */
export function isRoundOver(state: RoundState): boolean {
  return Object.keys(ROUND_MACHINE[state]).length === 0;
}
