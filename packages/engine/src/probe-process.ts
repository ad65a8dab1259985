import type { BackEnd } from './engine.js';
import { tryBackEnd } from './try-back-end.js';

/** Tries the back end that it is started with, and tells its parent. */
process.send!(await tryBackEnd(process.argv[2] as BackEnd), () => process.exit());
