import { readEnvironment } from './env.js';
import { exitCodeOf, reportFailure } from './failure.js';
import { buildProgram } from './program.js';
import { outliveReaders } from './terminal.js';

outliveReaders();
// Nothing is printed around the one way out, whatever is thrown where nobody waits for it.
process.on('uncaughtException', (error) => {
  reportFailure(error);
  process.exit(exitCodeOf(error));
});

try {
  await buildProgram(readEnvironment()).parseAsync(process.argv);
} catch (error) {
  reportFailure(error);
  process.exitCode = exitCodeOf(error);
}
