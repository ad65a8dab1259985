export type * from './engine.js';
export { probeBackEnds } from './probe-back-ends.js';
export { startEngine } from './start-engine.js';
