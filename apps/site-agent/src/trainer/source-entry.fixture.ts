import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import type { TrainerOptions } from './trainer.js';

/** The trainer's process from its sources, so that tests need no build and never meet a stale one. */
export const SOURCE_ENTRY: NonNullable<TrainerOptions['entry']> = {
  path: fileURLToPath(new URL('./trainer-process.ts', import.meta.url)),
  execArgv: [...SOURCE_FLAGS],
};
