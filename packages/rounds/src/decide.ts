import type { EvaluationFacts, ParticipantFacts, ParticipationFacts, RoundFacts, RunFacts } from './facts.js';
import {
  awaitedEvaluations,
  isDeadlinePassed,
  isDelivered,
  isQuorumMet,
  isQuorumReachable,
  missingAtClosing,
  missingEvaluations,
  siteIds,
} from './guards.js';
import type { RoundEvent } from './round-machine.js';
import type { RunEvent } from './run-machine.js';
import type { Reason, RoundWait, RunWait } from './wait.js';

/** A step of the machine that is due. `missing` are the sites that it goes on without; the service marks them so. */
export interface Transition<Event extends string> {
  readonly kind: 'transition';
  readonly event: Event;
  readonly missing: readonly string[];
  /** Only with `abort`, `reject` and `fail`. */
  readonly reason?: Reason;
}

/** Nothing is due. Look again when something arrives, and at `until` in any case. */
export interface Wait<For> {
  readonly kind: 'wait';
  readonly waitsFor: For;
  readonly until: Date | null;
}

export type RoundDecision = Transition<RoundEvent> | Wait<RoundWait> | { readonly kind: 'over' };
export type RunDecision =
  | Transition<RunEvent>
  | { readonly kind: 'begin-round'; readonly number: number }
  | { readonly kind: 'begin-tests' }
  | Wait<RunWait>
  | { readonly kind: 'over' };

/**
 * What is due in a round. Pure: the service locks the row, calls it, and saves state, effects and the audit entry in one
 * transaction; then it asks again, until the answer is a wait or `over`.
 *
 * A deadline has passed from its very instant on. A round aborts as soon as its quorum is out of reach.
 */
export function decide(round: RoundFacts, participations: readonly ParticipationFacts[], now: Date): RoundDecision {
  switch (round.state) {
    case 'planned':
      return due('recruit');
    case 'recruiting': {
      const accepted = participations.filter((p) => p.state === 'accepted');
      return accepted.length >= round.quorum ? due('fixCohort') : tooFew('abort', accepted.length, round.quorum, []);
    }
    case 'training':
      return decideTraining(round, participations, now);
    case 'aggregating':
      return round.candidate === null
        ? waitFor({ what: 'aggregation', updates: participations.filter((p) => isDelivered(p.state)).length }, null)
        : due('proposeCandidate');
    case 'validating':
      return decideValidating(round, now);
    case 'closed':
    case 'aborted':
      return { kind: 'over' };
  }
}

function decideTraining(round: RoundFacts, participations: readonly ParticipationFacts[], now: Date): RoundDecision {
  const { quorum, deadlineAt } = round;
  const atWork = missingAtClosing(participations);
  const have = participations.filter((p) => isDelivered(p.state)).length;
  const isLast = atWork.length === 0 || isDeadlinePassed(deadlineAt, now);
  if (isLast && isQuorumMet(participations, quorum)) return due('closeSubmissions', atWork);
  if (isLast || !isQuorumReachable(participations, quorum)) {
    const absent = siteIds(participations.filter((p) => !isDelivered(p.state)));
    return tooFew('abort', have, quorum, absent, atWork);
  }
  return waitFor(
    { what: 'updates', have, quorum, cohort: participations.length, sites: atWork, deadlineAt },
    deadlineAt,
  );
}

function decideValidating(round: RoundFacts, now: Date): RoundDecision {
  if (round.candidate?.isFinite === false)
    return { kind: 'transition', event: 'reject', missing: [], reason: { code: 'CANDIDATE_NOT_FINITE' } };
  const { evaluations, deadlineAt } = round;
  const wait = evaluationsOutstanding(evaluations, deadlineAt, now);
  if (wait !== null) return waitFor({ what: 'evaluations', ...wait }, deadlineAt);
  const isJudged = evaluations.length === 0 || evaluations.some((e) => e.state === 'received');
  return isJudged ? due('accept', missingEvaluations(evaluations)) : unjudged(evaluations);
}

/** A candidate that nobody could evaluate is not taken on trust. */
function unjudged(evaluations: readonly EvaluationFacts[]): Transition<RoundEvent> {
  const failed = evaluations
    .flatMap(({ siteId: site, failureCode: code }) => (code === null ? [] : [{ site, code }]))
    .sort((a, b) => (a.site < b.site ? -1 : 1));
  const missing = siteIds(evaluations.filter((e) => e.failureCode === null));
  return {
    kind: 'transition',
    event: 'reject',
    missing: [],
    reason: { code: 'CANDIDATE_NOT_EVALUATED', failed, missing },
  };
}

/**
 * What is due in a run: the answers to invitations, the next round, the evaluations on test data, the end. An aborted round is
 * never opened again; the run goes on with the next number, and fails only if no round at all was closed, or if the sites
 * that a next round needs stay away.
 */
export function decideRun(run: RunFacts, participants: readonly ParticipantFacts[], now: Date): RunDecision {
  switch (run.state) {
    case 'draft':
      return waitFor({ what: 'launch' }, null);
    case 'inviting':
      return decideInvitations(run, participants, now);
    case 'running':
    case 'waiting':
      return decideProgress(run, participants, now);
    case 'paused':
      return waitFor({ what: 'resume' }, null);
    case 'completed':
    case 'failed':
    case 'aborted':
      return { kind: 'over' };
  }
}

function decideInvitations(run: RunFacts, participants: readonly ParticipantFacts[], now: Date): RunDecision {
  const open = siteIds(participants.filter((p) => p.state === 'invited'));
  const accepted = participants.filter((p) => p.state === 'accepted').length;
  const isLast = open.length === 0 || isDeadlinePassed(run.invitationDeadlineAt, now);
  if (isLast && accepted >= run.quorum) return due('start', open);
  if (isLast || accepted + open.length < run.quorum) {
    const absent = siteIds(participants.filter((p) => p.state !== 'accepted'));
    return tooFew('fail', accepted, run.quorum, absent, open);
  }
  const { quorum, invitationDeadlineAt: deadlineAt } = run;
  return waitFor({ what: 'answers', have: accepted, quorum, sites: open, deadlineAt }, deadlineAt);
}

function decideProgress(run: RunFacts, participants: readonly ParticipantFacts[], now: Date): RunDecision {
  const { rounds, quorum, tests } = run;
  const accepted = participants.filter((p) => p.state === 'accepted');
  const present = accepted.filter((p) => p.isPresent).length;
  const needsRound = rounds.latest < rounds.planned && (rounds.latest === 0 || rounds.isLatestOver);
  // Who has left does not come back: there is nothing to wait for.
  if (needsRound && accepted.length < quorum)
    return tooFew('fail', accepted.length, quorum, siteIds(participants.filter((p) => p.state === 'left')));
  if (run.state === 'waiting') {
    const deadlineAt = run.waitingDeadlineAt;
    const sites = siteIds(accepted.filter((p) => !p.isPresent));
    if (present >= quorum) return due('proceed');
    if (isDeadlinePassed(deadlineAt, now)) return tooFew('fail', present, quorum, sites);
    return waitFor({ what: 'sites', have: present, quorum, sites, deadlineAt }, deadlineAt);
  }
  if (rounds.latest > 0 && !rounds.isLatestOver) return waitFor({ what: 'round', number: rounds.latest }, null);
  if (rounds.latest < rounds.planned)
    return present >= quorum ? { kind: 'begin-round', number: rounds.latest + 1 } : due('wait');
  if (rounds.closed === 0) return tooFew('fail', 0, quorum, []);
  if (tests === null) return { kind: 'begin-tests' };
  const wait = evaluationsOutstanding(tests, run.testDeadlineAt, now);
  return wait === null
    ? due('complete', missingEvaluations(tests))
    : waitFor({ what: 'tests', ...wait }, run.testDeadlineAt);
}

function evaluationsOutstanding(evaluations: readonly EvaluationFacts[], deadlineAt: Date | null, now: Date) {
  const sites = awaitedEvaluations(evaluations);
  if (sites.length === 0 || isDeadlinePassed(deadlineAt, now)) return null;
  return {
    have: evaluations.filter((e) => e.state === 'received').length,
    asked: evaluations.length,
    sites,
    deadlineAt,
  };
}

function due<Event extends string>(event: Event, missing: readonly string[] = []): Transition<Event> {
  return { kind: 'transition', event, missing };
}

function waitFor<For>(waitsFor: For, until: Date | null): Wait<For> {
  return { kind: 'wait', waitsFor, until };
}

/** `absent` are all who are to be named; `missing` those whose rows become missing by this step. */
function tooFew<Event extends string>(
  event: Event,
  have: number,
  quorum: number,
  absent: readonly string[],
  missing: readonly string[] = [],
): Transition<Event> {
  return { kind: 'transition', event, missing, reason: { code: 'QUORUM_NOT_MET', have, quorum, missing: absent } };
}
