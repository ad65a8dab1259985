import { readEnvironment } from './env.js';
import { exitCodeOf, reportFailure } from './failure.js';
import { buildProgram } from './program.js';

try {
  await buildProgram(readEnvironment()).parseAsync(process.argv);
} catch (error) {
  reportFailure(error);
  process.exitCode = exitCodeOf(error);
}
