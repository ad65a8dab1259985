export { evaluateModel } from './evaluate-model.js';
export { trainLocally } from './train-locally.js';
export type * from './training.js';
