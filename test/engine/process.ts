import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Ran {
  readonly ended: Promise<Ended>;
  /** Resolves when the process has said the words on stderr; rejects when it ends before. */
  says(words: string): Promise<void>;
  /** Without a chance to clean up. */
  kill(): void;
}

/** A process on this Node, with changes to the environment. */
export function start(words: readonly string[], changes: Readonly<Record<string, string>>): Ran {
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...changes },
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
  return {
    ended,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        child.stderr.on('data', () => said.stderr.includes(wanted) && resolve());
        child.on('close', () => reject(new Error(`it ended without "${wanted}": ${said.stderr.trim()}`)));
      }),
    kill: () => child.kill('SIGKILL'),
  };
}
