import { say } from '../terminal.js';

/** npx passes on the Ctrl-C that the terminal has sent already: two so close together are one. */
const SAME_KEY_MS = 500;

/**
 * One signal for `please stop`: the first Ctrl-C (or SIGTERM, or a closed terminal) fires it, the next Ctrl-C calls
 * `kill` and ends this process.
 */
export function stopSignals(kill: () => void): AbortSignal {
  const stop = new AbortController();
  let firstAtMs = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (!stop.signal.aborted) {
        firstAtMs = Date.now();
        stop.abort();
      } else if (name === 'SIGINT' && Date.now() - firstAtMs > SAME_KEY_MS) {
        say('killed');
        kill();
        process.exit(130);
      }
    });
  return stop.signal;
}

/** Waits for the signal. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
