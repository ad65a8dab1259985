import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';
import { AdvisedError } from '../failure.js';
import { killGroup } from './supervised-process.js';

export interface ChildRequest {
  readonly name: string;
  readonly file: string;
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly stop: AbortSignal;
}

const running = new Set<ChildProcess>();

/**
 * Runs a Node program to its end, apart from the terminal.
 *
 * Errors   STOPPED; NOT_RUNNING with the last line of its log when it fails.
 */
export async function runChild(request: ChildRequest): Promise<void> {
  if (request.stop.aborted) throw new ConsiliumError('STOPPED');
  const log = await open(request.logFile, 'a', 0o600);
  const child = spawn(process.execPath, ['--enable-source-maps', request.file, ...request.words], {
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
    env: request.environment,
  });
  await log.close();
  running.add(child);
  const onStop = () => child.kill('SIGTERM');
  request.stop.addEventListener('abort', onStop);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (request.stop.aborted) throw new ConsiliumError('STOPPED');
    if (code !== 0)
      throw new AdvisedError('NOT_RUNNING', 'Its log says more.', {
        process: request.name,
        log: request.logFile,
        said: await lastLine(request.logFile),
      });
  } finally {
    running.delete(child);
    request.stop.removeEventListener('abort', onStop);
  }
}

/** Kills what `runChild` has under way. */
export function killChildren(): void {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  return lines.findLast((line) => /^[A-Z_]+: /.test(line)) ?? lines.at(-1) ?? '';
}
