export { type CohortRule, selectCohort } from './cohort.js';
export {
  decide,
  decideRun,
  type RoundDecision,
  type RunDecision,
  type Transition,
  type Wait,
} from './decide.js';
export type { EvaluationFacts, ParticipantFacts, ParticipationFacts, RoundFacts, RunFacts } from './facts.js';
export {
  awaitedEvaluations,
  isAtWork,
  isDeadlinePassed,
  isDelivered,
  isQuorumMet,
  isQuorumReachable,
  missingAtClosing,
  missingEvaluations,
} from './guards.js';
export {
  advanceParticipation,
  PARTICIPATION_MACHINE,
  type ParticipationEvent,
  type ParticipationState,
} from './participation-machine.js';
export { advanceRound, isRoundOver, ROUND_MACHINE, type RoundEvent, type RoundState } from './round-machine.js';
export { advanceRun, isRunOver, RUN_MACHINE, type RunEvent, type RunState } from './run-machine.js';
export { type Reason, type RoundWait, type RunWait, sentenceOf, sentenceOfReason } from './wait.js';
