import { resolvePlan } from './check-plan.js';
import type { Plan } from './schema.js';

/** The same plan with another strategy. Errors  PLAN_INVALID. */
export function withStrategy(plan: Plan, name: Plan['strategy']['name']): Plan {
  return resolvePlan({ ...plan, strategy: { name } });
}

/** The baseline of a plan: all the same, but every site goes on from its own model. */
export function localTwin(plan: Plan): Plan {
  return withStrategy(plan, 'local');
}

/** What may be changed of a plan from the command line; what is left out stays. */
export interface PlanOverrides {
  readonly rounds?: number | undefined;
  readonly quorum?: number | undefined;
  readonly seed?: number | undefined;
}

/** The same plan with other numbers. Errors  PLAN_INVALID. */
export function withOverrides(plan: Plan, overrides: PlanOverrides): Plan {
  const { rounds = plan.rounds.count, quorum = plan.rounds.quorum, seed = plan.seed } = overrides;
  return resolvePlan({ ...plan, rounds: { ...plan.rounds, count: rounds, quorum }, seed });
}
