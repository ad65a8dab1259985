import { expect, it } from 'vitest';
import { decideRun } from './decide.js';
import type { ParticipantFacts, RunFacts } from './facts.js';

const deadlineAt = new Date('2030-01-01T12:00:00.000Z');
const justBefore = new Date('2030-01-01T11:59:59.999Z');
const rounds = { planned: 3, latest: 0, isLatestOver: true, closed: 0 };

const run = (facts: Partial<RunFacts>): RunFacts => ({
  state: 'running',
  quorum: 2,
  invitationDeadlineAt: deadlineAt,
  waitingDeadlineAt: null,
  rounds,
  tests: null,
  testDeadlineAt: deadlineAt,
  ...facts,
});
const sites = (states: Record<string, ParticipantFacts['state']>, absent: string[] = []): ParticipantFacts[] =>
  Object.entries(states).map(([siteId, state]) => ({ siteId, state, isPresent: !absent.includes(siteId) }));
const three = sites({ a: 'accepted', b: 'accepted', c: 'accepted' });

it('a run starts as soon as all have answered, with a quorum', () => {
  const inviting = run({ state: 'inviting' });
  expect(decideRun(inviting, sites({ a: 'accepted', b: 'declined', c: 'accepted' }), justBefore)).toEqual({
    kind: 'transition',
    event: 'start',
    missing: [],
  });
});

it('a run that has its quorum still waits for the other answers until the instant of the deadline', () => {
  const inviting = run({ state: 'inviting' });
  const states = sites({ a: 'accepted', b: 'invited', c: 'accepted' });
  expect(decideRun(inviting, states, justBefore)).toEqual({
    kind: 'wait',
    until: deadlineAt,
    waitsFor: { what: 'answers', have: 2, quorum: 2, sites: ['b'], deadlineAt },
  });
  expect(decideRun(inviting, states, deadlineAt)).toEqual({ kind: 'transition', event: 'start', missing: ['b'] });
});

it('a run fails when the deadline comes without a quorum, or when too many decline', () => {
  const inviting = run({ state: 'inviting' });
  const late = sites({ a: 'accepted', b: 'invited', c: 'declined' });
  expect(decideRun(inviting, late, justBefore).kind).toBe('wait');
  expect(decideRun(inviting, late, deadlineAt)).toEqual({
    kind: 'transition',
    event: 'fail',
    missing: ['b'],
    reason: { code: 'QUORUM_NOT_MET', have: 1, quorum: 2, missing: ['b', 'c'] },
  });
  const refused = sites({ a: 'invited', b: 'declined', c: 'declined' });
  expect(decideRun(inviting, refused, justBefore)).toMatchObject({ event: 'fail', missing: ['a'] });
});

it('a running run begins its rounds one after another, also after an aborted one', () => {
  expect(decideRun(run({}), three, justBefore)).toEqual({ kind: 'begin-round', number: 1 });
  const live = run({ rounds: { ...rounds, latest: 2, isLatestOver: false, closed: 1 } });
  expect(decideRun(live, three, justBefore)).toMatchObject({ waitsFor: { what: 'round', number: 2 } });
  const aborted = run({ rounds: { ...rounds, latest: 2, closed: 1 } });
  expect(decideRun(aborted, three, justBefore)).toEqual({ kind: 'begin-round', number: 3 });
});

it('a run waits while fewer sites than the quorum are there, and goes on when they are back', () => {
  const gone = sites({ a: 'accepted', b: 'accepted', c: 'accepted' }, ['c', 'b']);
  expect(decideRun(run({}), gone, justBefore)).toMatchObject({ event: 'wait' });
  const waiting = run({ state: 'waiting', waitingDeadlineAt: deadlineAt });
  expect(decideRun(waiting, gone, justBefore)).toEqual({
    kind: 'wait',
    until: deadlineAt,
    waitsFor: { what: 'sites', have: 1, quorum: 2, sites: ['b', 'c'], deadlineAt },
  });
  expect(decideRun(waiting, three, justBefore)).toMatchObject({ event: 'proceed' });
});

it('a run fails at the instant to which it has waited for absent sites, but not if they have just come back', () => {
  const waiting = run({ state: 'waiting', waitingDeadlineAt: deadlineAt });
  const gone = sites({ a: 'accepted', b: 'accepted', c: 'declined' }, ['b']);
  expect(decideRun(waiting, gone, justBefore).kind).toBe('wait');
  expect(decideRun(waiting, gone, deadlineAt)).toEqual({
    kind: 'transition',
    event: 'fail',
    missing: [],
    reason: { code: 'QUORUM_NOT_MET', have: 1, quorum: 2, missing: ['b'] },
  });
  expect(decideRun(waiting, three, deadlineAt)).toMatchObject({ event: 'proceed' });
});

it('a live round goes on although sites are gone: its own deadline decides', () => {
  const live = run({ rounds: { ...rounds, latest: 2, isLatestOver: false, closed: 1 } });
  const gone = sites({ a: 'accepted', b: 'accepted' }, ['a', 'b']);
  expect(decideRun(live, gone, justBefore)).toMatchObject({ waitsFor: { what: 'round' } });
});

it('after the last round a run asks for the tests, waits for them, and completes', () => {
  const done = { ...rounds, latest: 3, closed: 2 };
  expect(decideRun(run({ rounds: done }), three, justBefore)).toEqual({ kind: 'begin-tests' });
  const testing = run({ rounds: done, tests: [{ siteId: 'a', state: 'asked', failureCode: null }] });
  expect(decideRun(testing, three, justBefore)).toMatchObject({ waitsFor: { what: 'tests', sites: ['a'] } });
  expect(decideRun(testing, three, deadlineAt)).toEqual({ kind: 'transition', event: 'complete', missing: ['a'] });
  const tested = run({ rounds: done, tests: [{ siteId: 'a', state: 'received', failureCode: null }] });
  expect(decideRun(tested, three, justBefore)).toEqual({ kind: 'transition', event: 'complete', missing: [] });
});

it('a run whose every round was aborted fails', () => {
  const nothing = run({ rounds: { ...rounds, latest: 3, closed: 0 } });
  expect(decideRun(nothing, three, justBefore)).toMatchObject({ event: 'fail' });
});

it('a draft and a paused run wait for a person; an ended one for nobody', () => {
  expect(decideRun(run({ state: 'draft' }), [], deadlineAt)).toMatchObject({ waitsFor: { what: 'launch' } });
  expect(decideRun(run({ state: 'paused' }), three, deadlineAt)).toMatchObject({ waitsFor: { what: 'resume' } });
  for (const state of ['completed', 'failed', 'aborted'] as const)
    expect(decideRun(run({ state }), three, deadlineAt)).toEqual({ kind: 'over' });
});

it('a run that sites have left goes on with the quorum, and fails at once without: nobody comes back', () => {
  const begun = run({ rounds: { planned: 3, latest: 1, isLatestOver: true, closed: 1 } });
  const one = sites({ a: 'accepted', b: 'accepted', c: 'left' });
  expect(decideRun(begun, one, justBefore)).toEqual({ kind: 'begin-round', number: 2 });
  const two = sites({ a: 'accepted', b: 'left', c: 'left' });
  const failed = {
    ...{ kind: 'transition', event: 'fail', missing: [] },
    reason: { code: 'QUORUM_NOT_MET', have: 1, quorum: 2, missing: ['b', 'c'] },
  };
  expect(decideRun(begun, two, justBefore)).toEqual(failed);
  const waiting = { ...begun, state: 'waiting' as const, waitingDeadlineAt: deadlineAt };
  expect(decideRun(waiting, two, justBefore)).toEqual(failed);
  const done = run({ rounds: { planned: 3, latest: 3, isLatestOver: true, closed: 3 } });
  expect(decideRun(done, two, justBefore)).toEqual({ kind: 'begin-tests' });
});
