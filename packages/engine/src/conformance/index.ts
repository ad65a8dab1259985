export { CASE_GROUPS, type Case } from './cases.js';
export { computeCase } from './compute-case.js';
export { differenceOfCase, largestDifference, relativeL2 } from './difference.js';
export { LARGE_SUMS } from './large-sums.js';
export { MANY_CHANNELS } from './many-channels.js';
export { reasonWhyMissing } from './missing-back-end.js';
export { TOLERANCES, type Tolerance } from './tolerances.js';
