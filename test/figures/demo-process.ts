import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CONSILIUM = fileURLToPath(new URL('../../apps/cli/bin/consilium.mjs', import.meta.url));
/** What the demo says once its runs have ended and its coordinator waits for questions. */
const IS_DONE = 'Ctrl-C ends the demo.';

/** A command of its own process; answers what it prints. */
export async function consilium(...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CONSILIUM, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`consilium ${words.join(' ')} ended with ${code}`);
  return text;
}

/** Runs the demo in a folder of its own to the end of its runs; its progress goes to standard error. */
export async function startDemo(
  folder: string,
  words: readonly string[],
): Promise<{ readonly stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [CONSILIUM, 'demo', '--dir', join(folder, 'demo'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  for await (const line of createInterface(child.stdout)) {
    process.stderr.write(`${line}\n`);
    if (line === IS_DONE) {
      child.stdout.resume();
      return { stop };
    }
  }
  throw new Error('the demo ended before its runs did');
}
