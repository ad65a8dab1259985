export { type Plan, type PlanInput, planSchema, VOCABULARY_VERSION } from './schema.js';
