import { ConsiliumError } from '@consilium/errors';
import { nextState, type TransitionTable } from './transition-table.js';

export type ParticipationState =
  | 'invited'
  | 'accepted'
  | 'declined'
  | 'fetching'
  | 'training'
  | 'sending'
  | 'submitted'
  | 'evaluated'
  | 'refused'
  | 'missing'
  | 'left';
export type ParticipationEvent =
  | 'accept'
  | 'decline'
  | 'fetch'
  | 'train'
  | 'send'
  | 'submit'
  | 'evaluate'
  | 'refuse'
  | 'miss'
  | 'withdraw';

/**
 * While a site works, any of its reports may be lost, and a site that was killed begins again at fetching: so every working
 * state allows every step of the work. `refuse`: its update is not acceptable, or the site will not do the work. `miss`: the
 * deadline came first. `withdraw`: the site leaves the run; what it has delivered before stays as it was.
 */
const WORK = {
  fetch: 'fetching',
  train: 'training',
  send: 'sending',
  submit: 'submitted',
  refuse: 'refused',
  miss: 'missing',
  withdraw: 'left',
} as const;

/**
 * The whole life of a participation. The first three states live on the run's participant row, the others on the round's
 * participation row, which starts as `accepted`. `submitted` is a good end too: not every round evaluates.
 */
// biome-ignore format: a table, read by column
export const PARTICIPATION_MACHINE = {
  invited:   { accept: 'accepted', decline: 'declined', miss: 'missing', withdraw: 'left' },
  accepted:  WORK,
  declined:  {},
  fetching:  WORK,
  training:  WORK,
  sending:   WORK,
  submitted: { evaluate: 'evaluated' },
  evaluated: {},
  refused:   {},
  missing:   {},
  left:      {},
} as const satisfies TransitionTable<ParticipationState, ParticipationEvent>;

/** The state after `event`. Errors  PARTICIPATION_EVENT_NOT_ALLOWED. */
export function advanceParticipation(from: ParticipationState, event: ParticipationEvent): ParticipationState {
  const next = nextState<ParticipationState, ParticipationEvent>(PARTICIPATION_MACHINE, from, event);
  if (next === undefined) throw new ConsiliumError('PARTICIPATION_EVENT_NOT_ALLOWED', { from, event });
  return next;
}
