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

/** Divides the filters of every model that a plan may name. */
const OTHER_GROUPS = 4;

/** What may be changed of a plan from the command line; what is left out stays. */
export interface PlanOverrides {
  readonly rounds?: number | undefined;
  readonly quorum?: number | undefined;
  readonly seed?: number | undefined;
  /** Of another kind than the plan's: `group` in groups of four filters. */
  readonly normalisation?: 'group' | 'batch' | undefined;
}

/** The same plan with other numbers. Errors  PLAN_INVALID. */
export function withOverrides(plan: Plan, overrides: PlanOverrides): Plan {
  const { rounds = plan.rounds.count, quorum = plan.rounds.quorum, seed = plan.seed } = overrides;
  const own = plan.model.normalisation;
  const kind = overrides.normalisation ?? own.kind;
  const normalisation = kind === own.kind ? own : kind === 'batch' ? { kind } : { kind, groups: OTHER_GROUPS };
  return resolvePlan({
    ...plan,
    ...{ rounds: { ...plan.rounds, count: rounds, quorum }, seed, model: { ...plan.model, normalisation } },
  });
}
