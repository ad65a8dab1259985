import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning', '--expose-gc'];

/**
 * Calls `work(argument)` exported by the module at `url` in a new process and gives what it returns. Argument and result travel
 * as JSON. Figures of one measurement then owe nothing to the measurement before it.
 */
export async function inFreshProcess<Argument, Result>(url: string, work: string, argument: Argument): Promise<Result> {
  const main = fileURLToPath(new URL('fresh-process-main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...FLAGS, main, url, work, JSON.stringify(argument)],
    { maxBuffer: 1 << 26 },
  );
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1)) as Result;
}
