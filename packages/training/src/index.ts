export type * from './training.js';
