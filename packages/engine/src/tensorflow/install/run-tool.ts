import { spawn } from 'node:child_process';
import { readEngineEnvironment } from '../env.js';

export interface ToolResult {
  /** 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this machine to its end; a stop kills it. */
export function runTool(
  [file, ...words]: readonly string[],
  signal: AbortSignal,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ToolResult> {
  const { promise, resolve } = Promise.withResolvers<ToolResult>();
  const child = spawn(file!, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    env: { ...readEngineEnvironment().inherited, ...options.env },
    ...(options.cwd && { cwd: options.cwd }),
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  child.on('error', (error: NodeJS.ErrnoException) =>
    resolve({ ...output, code: 127, stderr: `${output.stderr}${error.message}` }),
  );
  child.on('close', (code, cause) => resolve({ ...output, code: code ?? (cause ? 128 : 1) }));
  return promise;
}
