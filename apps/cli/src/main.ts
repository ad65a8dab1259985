import { readEnvironment } from './env.js';
import { exitCodeOf, reportFailure } from './failure.js';
import { buildProgram } from './program.js';

// Whoever reads us may stop reading, say `head`, or a terminal that is closed: that ends nothing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await buildProgram(readEnvironment()).parseAsync(process.argv);
} catch (error) {
  reportFailure(error);
  process.exitCode = exitCodeOf(error);
}
