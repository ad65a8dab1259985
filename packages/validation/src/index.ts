export type * from './statistics.js';
