import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Calls `work(argument)` exported by the module at `url` in a new process and gives what it returns. Argument and result travel
 * as JSON. Figures of one measurement then owe nothing to the measurement before it.
 *
 * The module is plain JavaScript, because stripping types leaves megabytes behind that would count as idle memory.
 */
export async function inFreshProcess<Argument, Result>(url: string, work: string, argument: Argument): Promise<Result> {
  const main = fileURLToPath(new URL('fresh-process-main.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', main, url, work, JSON.stringify(argument)],
    { maxBuffer: 1 << 26 },
  );
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1)) as Result;
}
