import { ABORTED_ROUNDS_TO_GIVE_UP } from '@consilium/plan';
import type { EvaluationFacts, ParticipantFacts, ParticipationFacts, RoundFacts, RunFacts } from '@consilium/rounds';
import type { EvaluationSummary, LoadedRun, RoundRow } from '../runs/run.repository.js';

/** What packages/rounds wants to know of a run. The plan counts closed rounds: an aborted one adds a round to the plan. */
export function runFacts({ run, plan, rounds, latest, tests }: LoadedRun): RunFacts {
  const closed = rounds.filter((round) => round.state === 'closed').length;
  const aborted = rounds.filter((round) => round.state === 'aborted').length;
  return {
    state: run.state,
    quorum: plan.plan.rounds.quorum,
    invitationDeadlineAt: run.invitationDeadlineAt,
    waitingDeadlineAt:
      run.waitingSince === null ? null : new Date(run.waitingSince.getTime() + plan.plan.rounds.answerSeconds * 1000),
    rounds: {
      planned: plan.plan.rounds.count + aborted,
      latest: latest?.number ?? 0,
      isLatestOver: latest === null || latest.state === 'closed' || latest.state === 'aborted',
      closed,
    },
    tests: run.testDeadlineAt === null ? null : tests.map(evaluationFacts),
    testDeadlineAt: run.testDeadlineAt,
  };
}

export function participantFacts({ participants }: LoadedRun): ParticipantFacts[] {
  return participants.map(({ siteId, state, isPresent }) => ({
    siteId,
    state: state as ParticipantFacts['state'],
    isPresent,
  }));
}

export function roundFacts(loaded: LoadedRun, round: RoundRow): RoundFacts {
  return {
    state: round.state,
    quorum: loaded.plan.plan.rounds.quorum,
    deadlineAt: round.deadlineAt,
    candidate: round.candidateIsFinite === null ? null : { isFinite: round.candidateIsFinite },
    evaluations: loaded.validations.map(evaluationFacts),
  };
}

/** Until the cohort is fixed: the sites that take part in the run. */
export function participationFacts(loaded: LoadedRun, round: RoundRow): ParticipationFacts[] {
  const isBeforeCohort = round.state === 'planned' || round.state === 'recruiting';
  const rows = isBeforeCohort ? loaded.participants : loaded.participations;
  return rows.map(({ siteId, state }) => ({ siteId, state }));
}

/** The last round, when so many in a row were aborted that the run gives up. */
export function roundOfGivingUp({ rounds }: Pick<LoadedRun, 'rounds'>): RoundRow | null {
  const last = rounds.slice(-ABORTED_ROUNDS_TO_GIVE_UP);
  const isHopeless = last.length === ABORTED_ROUNDS_TO_GIVE_UP && last.every((round) => round.state === 'aborted');
  return isHopeless ? last.at(-1)! : null;
}

function evaluationFacts({ siteId, state, failureCode }: EvaluationSummary): EvaluationFacts {
  return { siteId, state, failureCode };
}
