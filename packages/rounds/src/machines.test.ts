import { expect, it } from 'vitest';
import { advanceParticipation, PARTICIPATION_MACHINE } from './participation-machine.js';
import { advanceRound, isRoundOver, ROUND_MACHINE } from './round-machine.js';
import { advanceRun, isRunOver, RUN_MACHINE } from './run-machine.js';

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

const MACHINES: { name: string; table: Table; start: string; ends: string[] }[] = [
  { name: 'round', table: ROUND_MACHINE, start: 'planned', ends: ['closed', 'aborted'] },
  { name: 'run', table: RUN_MACHINE, start: 'draft', ends: ['completed', 'failed', 'aborted'] },
  {
    name: 'participation',
    table: PARTICIPATION_MACHINE,
    start: 'invited',
    ends: ['declined', 'evaluated', 'refused', 'missing', 'left'],
  },
];

function reachable(table: Table, start: string): Set<string> {
  const seen = new Set([start]);
  for (const state of seen) for (const next of Object.values(table[state] ?? {})) seen.add(next);
  return seen;
}

it.each(MACHINES)('every state of a $name is reachable from its first', ({ table, start }) => {
  expect([...reachable(table, start)].sort()).toEqual(Object.keys(table).sort());
});

it.each(MACHINES)('a $name has no exits from its ends, and only from those', ({ table, ends }) => {
  const without = Object.keys(table).filter((s) => Object.keys(table[s] ?? {}).length === 0);
  expect(without.sort()).toEqual([...ends].sort());
});

it.each(MACHINES)('from every state of a $name an end is reachable', ({ table, ends }) => {
  for (const state of Object.keys(table)) expect(ends.some((e) => reachable(table, state).has(e))).toBe(true);
});

it('every live state of a round and of a run may abort', () => {
  for (const [state, row] of Object.entries(ROUND_MACHINE)) expect('abort' in row).toBe(!isRoundOver(state as never));
  for (const [state, row] of Object.entries(RUN_MACHINE)) expect('abort' in row).toBe(!isRunOver(state as never));
});

it('a round, a run and a participation follow their happy path', () => {
  const round = ['recruit', 'fixCohort', 'closeSubmissions', 'proposeCandidate', 'accept'] as const;
  expect(round.reduce<Parameters<typeof advanceRound>[0]>(advanceRound, 'planned')).toBe('closed');
  const run = ['invite', 'start', 'wait', 'pause', 'resume', 'wait', 'proceed', 'complete'] as const;
  expect(run.reduce<Parameters<typeof advanceRun>[0]>(advanceRun, 'draft')).toBe('completed');
  const site = ['accept', 'fetch', 'train', 'send', 'submit', 'evaluate'] as const;
  expect(site.reduce<Parameters<typeof advanceParticipation>[0]>(advanceParticipation, 'invited')).toBe('evaluated');
});

it('a site that was killed begins again at fetching, from every working state', () => {
  for (const state of ['accepted', 'fetching', 'training', 'sending'] as const)
    expect(advanceParticipation(state, 'fetch')).toBe('fetching');
});

it('an event that the table does not list throws, even one whose name every object inherits', () => {
  expect(() => advanceRound('planned', 'accept')).toThrow(expect.objectContaining({ code: 'ROUND_EVENT_NOT_ALLOWED' }));
  expect(() => advanceRound('closed', 'abort')).toThrow(expect.objectContaining({ code: 'ROUND_EVENT_NOT_ALLOWED' }));
  expect(() => advanceRun('completed', 'abort')).toThrow(expect.objectContaining({ code: 'RUN_EVENT_NOT_ALLOWED' }));
  expect(() => advanceRun('draft', 'toString' as never)).toThrow(
    expect.objectContaining({ code: 'RUN_EVENT_NOT_ALLOWED' }),
  );
  expect(() => advanceParticipation('missing', 'submit')).toThrow(
    expect.objectContaining({ code: 'PARTICIPATION_EVENT_NOT_ALLOWED' }),
  );
});
