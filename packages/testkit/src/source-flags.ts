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

/** Flags with which a test starts a process of ours from its sources, so that it needs no build and never meets a stale one. */
export const SOURCE_FLAGS: readonly string[] = [
  '--no-warnings',
  '--experimental-transform-types',
  '--conditions=@consilium/source',
  `--import=data:text/javascript,${encodeURIComponent(RESOLVE_TYPESCRIPT)}`,
];
