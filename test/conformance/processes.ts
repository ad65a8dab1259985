import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackEndAnswer, BackEndRequest } from './one-back-end.ts';

const ENTRY = fileURLToPath(new URL('one-back-end.ts', import.meta.url));
const FLAGS = ['--expose-gc', '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
/** V8's heap takes what it can get before it collects; held close to what is alive, resident memory tells of leaks. */
const SMALL_HEAP = ['--max-semi-space-size=2', '--max-old-space-size=48'];

/** One back end in a process of its own; throws with its last words when it ends without an answer. */
export function ask(request: BackEndRequest): Promise<BackEndAnswer> {
  const child = spawn(
    process.execPath,
    [...FLAGS, ...(request.work === 'long run' ? SMALL_HEAP : []), ENTRY, JSON.stringify(request)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = () => child.kill();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (code === 0) return resolve(JSON.parse(said.stdout.trim().split('\n').at(-1)!) as BackEndAnswer);
      const words = said.stderr.trim().split('\n');
      reject(
        new Error(`ended with ${signal ?? code}: ${words.find((line) => /^\w*Error\b/.test(line)) ?? words.at(-1)}`),
      );
    });
  });
}
