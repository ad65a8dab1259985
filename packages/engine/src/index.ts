export {
  CASES as CONFORMANCE_CASES,
  type Case,
  computeCase,
  differenceOfCase,
  LARGE_SUMS,
  largestDifference,
  reasonWhyMissing,
  TOLERANCES,
  type Tolerance,
} from './conformance/index.js';
export type * from './engine.js';
export { probeBackEnds } from './probe-back-ends.js';
export { startEngine } from './start-engine.js';
