export { evaluateModel } from './evaluation/evaluate-model.js';
export { trainLocally } from './train-locally.js';
export type * from './training.js';
