export { CASES, type Case } from './cases.js';
export { computeCase } from './compute-case.js';
export { differenceOfCase, largestDifference } from './difference.js';
export { LARGE_SUMS } from './large-sums.js';
export { reasonWhyMissing } from './missing-back-end.js';
export { TOLERANCES, type Tolerance } from './tolerances.js';
