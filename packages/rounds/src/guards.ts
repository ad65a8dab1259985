import type { EvaluationFacts, ParticipationFacts } from './facts.js';
import type { ParticipationState } from './participation-machine.js';

/** True from the very instant of the deadline on. */
export function isDeadlinePassed(deadlineAt: Date | null, now: Date): boolean {
  return deadlineAt !== null && now.getTime() >= deadlineAt.getTime();
}

/** The site's update counts. */
export function isDelivered(state: ParticipationState): boolean {
  return state === 'submitted' || state === 'evaluated';
}

/** The site may still deliver. */
export function isAtWork(state: ParticipationState): boolean {
  return state === 'accepted' || state === 'fetching' || state === 'training' || state === 'sending';
}

export function isQuorumMet(participations: readonly ParticipationFacts[], quorum: number): boolean {
  return participations.filter((p) => isDelivered(p.state)).length >= quorum;
}

/** False when so many sites refused or are missing that no wait can help. */
export function isQuorumReachable(participations: readonly ParticipationFacts[], quorum: number): boolean {
  return participations.filter((p) => isDelivered(p.state) || isAtWork(p.state)).length >= quorum;
}

/** The sites that become missing if submissions close now, in the byte order of their ids. */
export function missingAtClosing(participations: readonly ParticipationFacts[]): string[] {
  return siteIds(participations.filter((p) => isAtWork(p.state)));
}

/** The sites that have still to answer, each once, in the byte order of their ids. */
export function awaitedEvaluations(evaluations: readonly EvaluationFacts[]): string[] {
  return siteIds(evaluations.filter((e) => e.state === 'asked'));
}

/** The sites of which statistics are not there, for whatever reason: a failure is no evaluation. */
export function missingEvaluations(evaluations: readonly EvaluationFacts[]): string[] {
  return siteIds(evaluations.filter((e) => e.state !== 'received'));
}

/** The sites of some rows, each once, in the byte order of their ids. */
export function siteIds(rows: readonly { readonly siteId: string }[]): string[] {
  return [...new Set(rows.map((r) => r.siteId))].sort();
}
