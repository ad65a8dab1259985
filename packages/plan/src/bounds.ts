import type { Plan } from './schema.js';

/** After so many aborted rounds in a row a run gives up: what stopped three rounds stops the fourth. */
export const ABORTED_ROUNDS_TO_GIVE_UP = 3;

/** The last round that a run of this plan can have: before each closed one, as many aborted ones as it survives. */
export function lastPossibleRound({ rounds }: Pick<Plan, 'rounds'>): number {
  return rounds.count * ABORTED_ROUNDS_TO_GIVE_UP;
}

/** How many models are tested on test data after the last round: the initial one, and those that the plan ends with. */
export function testedModels({ strategy }: Pick<Plan, 'strategy'>, sites: number): number {
  return 1 + (strategy.name === 'local' ? Math.max(1, sites) : 1);
}
