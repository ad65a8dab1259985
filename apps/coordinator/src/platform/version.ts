import { createRequire } from 'node:module';
import { z } from 'zod';

/** The same from `src` and from `dist`. */
const manifest: unknown = createRequire(import.meta.url)('../../package.json');

/** Version of this coordinator. */
export const VERSION = z.object({ version: z.string() }).parse(manifest).version;
