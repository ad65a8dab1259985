import { expect, it } from 'vitest';
import { decide } from './decide.js';
import type { EvaluationFacts, ParticipationFacts, RoundFacts } from './facts.js';
import type { ParticipationState } from './participation-machine.js';
import { sentenceOfReason } from './wait.js';

const deadlineAt = new Date('2030-01-01T12:00:00.000Z');
const justBefore = new Date('2030-01-01T11:59:59.999Z');

const round = (facts: Partial<RoundFacts>): RoundFacts => ({
  state: 'training',
  quorum: 2,
  deadlineAt,
  candidate: null,
  evaluations: [],
  ...facts,
});
const cohort = (states: Record<string, ParticipationState>): ParticipationFacts[] =>
  Object.entries(states).map(([siteId, state]) => ({ siteId, state }));

it('a planned round begins at once', () => {
  expect(decide(round({ state: 'planned' }), [], justBefore)).toMatchObject({ kind: 'transition', event: 'recruit' });
});

it('recruiting fixes the cohort with a quorum of participants and aborts without', () => {
  const recruiting = round({ state: 'recruiting' });
  expect(decide(recruiting, cohort({ a: 'accepted', b: 'accepted' }), justBefore)).toMatchObject({
    event: 'fixCohort',
  });
  expect(decide(recruiting, cohort({ a: 'accepted', b: 'declined' }), justBefore)).toMatchObject({
    event: 'abort',
    reason: { code: 'QUORUM_NOT_MET', have: 1, quorum: 2 },
  });
});

it('training waits for the rest of the cohort although the quorum is met', () => {
  const decision = decide(round({}), cohort({ c: 'submitted', a: 'submitted', b: 'training' }), justBefore);
  expect(decision).toEqual({
    kind: 'wait',
    until: deadlineAt,
    waitsFor: { what: 'updates', have: 2, quorum: 2, cohort: 3, sites: ['b'], deadlineAt },
  });
});

it('training closes early once everyone has delivered, refused or is missing', () => {
  const states = cohort({ a: 'submitted', b: 'refused', c: 'submitted', d: 'missing' });
  expect(decide(round({}), states, justBefore)).toEqual({ kind: 'transition', event: 'closeSubmissions', missing: [] });
});

it('at the very instant of the deadline training closes with the quorum and names who is missing', () => {
  const states = cohort({ d: 'sending', a: 'submitted', b: 'fetching', c: 'submitted' });
  expect(decide(round({}), states, justBefore).kind).toBe('wait');
  expect(decide(round({}), states, deadlineAt)).toEqual({
    kind: 'transition',
    event: 'closeSubmissions',
    missing: ['b', 'd'],
  });
});

it('at the very instant of the deadline training without a quorum aborts and says who was missing', () => {
  const states = cohort({ a: 'submitted', b: 'accepted', c: 'training' });
  expect(decide(round({}), states, justBefore).kind).toBe('wait');
  expect(decide(round({}), states, deadlineAt)).toEqual({
    kind: 'transition',
    event: 'abort',
    missing: ['b', 'c'],
    reason: { code: 'QUORUM_NOT_MET', have: 1, quorum: 2, missing: ['b', 'c'] },
  });
});

it('training aborts before its deadline when refusals put the quorum out of reach', () => {
  const states = cohort({ a: 'refused', b: 'training', c: 'missing' });
  expect(decide(round({}), states, justBefore)).toEqual({
    kind: 'transition',
    event: 'abort',
    missing: ['b'],
    reason: { code: 'QUORUM_NOT_MET', have: 0, quorum: 2, missing: ['a', 'b', 'c'] },
  });
});

it('training without a deadline waits for ever', () => {
  const states = cohort({ a: 'submitted', b: 'submitted', c: 'training' });
  expect(decide(round({ deadlineAt: null }), states, new Date(8.64e15))).toMatchObject({ kind: 'wait', until: null });
});

it('aggregating waits for its candidate', () => {
  const states = cohort({ a: 'submitted', b: 'missing' });
  expect(decide(round({ state: 'aggregating' }), states, deadlineAt)).toEqual({
    kind: 'wait',
    until: null,
    waitsFor: { what: 'aggregation', updates: 1 },
  });
  const done = round({ state: 'aggregating', candidate: { isFinite: true } });
  expect(decide(done, states, justBefore)).toMatchObject({ event: 'proposeCandidate' });
});

it('validating rejects a candidate that is not finite, whatever the evaluations say', () => {
  const bad = round({ state: 'validating', candidate: { isFinite: false } });
  expect(decide(bad, [], justBefore)).toMatchObject({ event: 'reject', reason: { code: 'CANDIDATE_NOT_FINITE' } });
});

function evaluation(
  siteId: string,
  state: EvaluationFacts['state'],
  failureCode: string | null = null,
): EvaluationFacts {
  return { siteId, state, failureCode };
}

it('a candidate that no site could evaluate is rejected, and who failed and why is said', () => {
  const validating = round({ state: 'validating', candidate: { isFinite: true } });
  const failed = [evaluation('b', 'failed', 'ENGINE_CRASHED'), evaluation('a', 'failed', 'MODEL_VARIANCE_INVALID')];
  const rejected = decide({ ...validating, evaluations: failed }, [], justBefore);
  const reason = {
    code: 'CANDIDATE_NOT_EVALUATED' as const,
    failed: [
      { site: 'a', code: 'MODEL_VARIANCE_INVALID' },
      { site: 'b', code: 'ENGINE_CRASHED' },
    ],
    missing: [],
  };
  expect(rejected).toEqual({ kind: 'transition', event: 'reject', missing: [], reason });
  expect(sentenceOfReason(reason)).toBe(
    'No site could evaluate the candidate: it failed at a (MODEL_VARIANCE_INVALID) and b (ENGINE_CRASHED).',
  );
  // Nobody answers: rejected at the deadline, not before.
  const silent = { ...validating, evaluations: [evaluation('a', 'asked'), failed[0]!] };
  expect(decide(silent, [], justBefore)).toMatchObject({ kind: 'wait', waitsFor: { have: 0, asked: 2, sites: ['a'] } });
  expect(decide(silent, [], deadlineAt)).toMatchObject({
    event: 'reject',
    reason: { failed: [{ site: 'b', code: 'ENGINE_CRASHED' }], missing: ['a'] },
  });
  // One that could is enough; the round goes on without the other, by name.
  const partly = { ...validating, evaluations: [evaluation('a', 'received'), failed[0]!] };
  expect(decide(partly, [], justBefore)).toEqual({ kind: 'transition', event: 'accept', missing: ['b'] });
});

it('validating waits for every evaluation, until the instant of its deadline', () => {
  const evaluations = [evaluation('b', 'asked'), evaluation('a', 'received'), evaluation('b', 'asked')];
  const validating = round({ state: 'validating', candidate: { isFinite: true }, evaluations });
  expect(decide(validating, [], justBefore)).toMatchObject({
    kind: 'wait',
    until: deadlineAt,
    waitsFor: { what: 'evaluations', have: 1, asked: 3, sites: ['b'] },
  });
  expect(decide(validating, [], deadlineAt)).toEqual({ kind: 'transition', event: 'accept', missing: ['b'] });
  const complete = { ...validating, evaluations: evaluations.map(({ siteId }) => evaluation(siteId, 'received')) };
  expect(decide(complete, [], justBefore)).toEqual({ kind: 'transition', event: 'accept', missing: [] });
});

it('a round that is over stays so', () => {
  expect(decide(round({ state: 'closed' }), [], deadlineAt)).toEqual({ kind: 'over' });
  expect(decide(round({ state: 'aborted' }), [], deadlineAt)).toEqual({ kind: 'over' });
});

it('does not depend on the order of the rows', () => {
  const states = cohort({ a: 'submitted', b: 'fetching', c: 'submitted', d: 'sending' });
  expect(decide(round({}), [...states].reverse(), deadlineAt)).toEqual(decide(round({}), states, deadlineAt));
});
