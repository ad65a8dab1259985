import type { ParticipationState } from './participation-machine.js';
import type { RoundState } from './round-machine.js';
import type { RunState } from './run-machine.js';

/** One evaluation that was asked for. A site has several when it evaluates several models. */
export interface EvaluationFacts {
  readonly siteId: string;
  /** `failed`: the site said that it cannot; the code says why. `missing`: it did not answer in time. */
  readonly state: 'asked' | 'received' | 'failed' | 'missing';
  readonly failureCode: string | null;
}

/** What `decide` needs to know about a round. Times are those of the database's clock. */
export interface RoundFacts {
  readonly state: RoundState;
  /** Least number of updates that make a round. */
  readonly quorum: number;
  /** When the present state ends at the latest; null when it may last for ever. */
  readonly deadlineAt: Date | null;
  /** The aggregated model, once it is stored. */
  readonly candidate: { readonly isFinite: boolean } | null;
  /** The evaluations of the candidate; empty when the plan asks for none. */
  readonly evaluations: readonly EvaluationFacts[];
}

/** While recruiting: one for each participant that accepted the run. From then on: one for each site of the cohort. */
export interface ParticipationFacts {
  readonly siteId: string;
  readonly state: ParticipationState;
}

/** What `decideRun` needs to know about a run. */
export interface RunFacts {
  readonly state: RunState;
  /** Least number of participants that make a run; the quorum of its rounds as well. */
  readonly quorum: number;
  readonly invitationDeadlineAt: Date | null;
  /** While the run waits for sites to connect: when it gives up. */
  readonly waitingDeadlineAt: Date | null;
  readonly rounds: {
    readonly planned: number;
    /** Number of the latest round, 0 before the first. An aborted round uses up its number. */
    readonly latest: number;
    readonly isLatestOver: boolean;
    readonly closed: number;
  };
  /** The evaluations on test data after the last round; null until they are asked for. */
  readonly tests: readonly EvaluationFacts[] | null;
  readonly testDeadlineAt: Date | null;
}

export interface ParticipantFacts {
  readonly siteId: string;
  readonly state: Extract<ParticipationState, 'invited' | 'accepted' | 'declined' | 'missing' | 'left'>;
  /** False when its agent has not been heard of lately. */
  readonly isPresent: boolean;
}
