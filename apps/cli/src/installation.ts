import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AdvisedError } from './failure.js';

/** The checkout that this command belongs to; the source and the built file lie equally deep. */
export const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
/** What a person types, as a file; its name tells its processes from others. */
export const LAUNCHER = fileURLToPath(new URL('../bin/consilium.mjs', import.meta.url));
export const PLANS = fileURLToPath(new URL('../plans', import.meta.url));

/** Errors  INTERNAL, with the advice to build, when the program is not built. */
export function programFile(app: 'coordinator' | 'site-agent'): string {
  const file = fileURLToPath(new URL(`../../${app}/dist/main.js`, import.meta.url));
  if (!existsSync(file)) throw new AdvisedError('NOT_FOUND', 'Run `npm run build` first.', { program: app });
  return file;
}
