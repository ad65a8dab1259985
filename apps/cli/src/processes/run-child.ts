import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
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
 * Runs a Node program to its end, apart from the terminal, and answers its standard output.
 *
 * Errors   STOPPED; NOT_RUNNING with the last line of its log when it fails.
 */
export async function runChild(request: ChildRequest): Promise<string> {
  if (request.stop.aborted) throw new ConsiliumError('STOPPED');
  const log = await open(request.logFile, 'a', 0o600);
  const child = spawn(process.execPath, ['--enable-source-maps', request.file, ...request.words], {
    stdio: ['ignore', 'pipe', log.fd],
    detached: true,
    env: request.environment,
  });
  running.add(child);
  const onStop = () => child.kill('SIGTERM');
  request.stop.addEventListener('abort', onStop);
  try {
    const [output, code] = await Promise.all([textOf(child.stdout!), exitCode(child)]);
    await log.write(output);
    if (request.stop.aborted) throw new ConsiliumError('STOPPED');
    if (code !== 0)
      throw new AdvisedError('NOT_RUNNING', 'Its log says more.', {
        process: request.name,
        log: request.logFile,
        said: await lastLine(request.logFile),
      });
    return output;
  } finally {
    await log.close();
    running.delete(child);
    request.stop.removeEventListener('abort', onStop);
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/** Kills what `runChild` has under way. */
export function killChildren(): void {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  return lines.findLast((line) => /^[A-Z_]+: /.test(line)) ?? lines.at(-1) ?? '';
}
