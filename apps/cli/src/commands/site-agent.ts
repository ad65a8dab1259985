import { spawn } from 'node:child_process';
import type { Environment } from '../env.js';
import { programFile } from '../installation.js';

/** `consilium site start|status|dataset ...`: the agent's own program, in the foreground, with its own exit code. */
export async function siteAgent(words: readonly string[], environment: Environment): Promise<void> {
  const child = spawn(process.execPath, ['--enable-source-maps', programFile('site-agent'), ...words], {
    stdio: 'inherit',
    env: environment.inherited,
  });
  // A Ctrl-C reaches the agent through the terminal; other ends are passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}
