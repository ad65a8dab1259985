import { fileURLToPath } from 'node:url';
import type { TrainerOptions } from './trainer.js';

/** Lets Node run the sources unbuilt: an import of `x.js` finds `x.ts`. */
const RESOLVE_TYPESCRIPT = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts'))
      try { return next(specifier.slice(0, -3) + '.ts', context); } catch {}
    return next(specifier, context);
  },
});`;

/** The trainer's process from its sources, so that tests need no build and never meet a stale one. */
export const SOURCE_ENTRY: NonNullable<TrainerOptions['entry']> = {
  path: fileURLToPath(new URL('./trainer-process.ts', import.meta.url)),
  execArgv: [
    '--no-warnings',
    '--experimental-transform-types',
    '--conditions=@consilium/source',
    `--import=data:text/javascript,${encodeURIComponent(RESOLVE_TYPESCRIPT)}`,
  ],
};
