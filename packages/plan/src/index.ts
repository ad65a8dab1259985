export { ABORTED_ROUNDS_TO_GIVE_UP, lastPossibleRound, testedModels } from './bounds.js';
export { canonicalPlan, planFromCanonical, planHash } from './canonical-plan.js';
export { checkPlan, type PlanCheck, type PlanProblem, resolvePlan } from './check-plan.js';
export { checkPlanText, parsePlan } from './parse-plan.js';
export { planProse } from './prose.js';
export { type Plan, type PlanInput, planSchema, VOCABULARY_VERSION } from './schema.js';
export { localTwin, type PlanOverrides, withOverrides, withStrategy } from './variants.js';
export { WINDOW_PRESETS, type WindowPreset } from './window-presets.js';
