import { say } from '../terminal.js';

/**
 * One signal for `please stop`: the first Ctrl-C (or SIGTERM, or a closed terminal) fires it, the second one calls
 * `kill` and ends this process.
 */
export function stopSignals(kill: () => void): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (!stop.signal.aborted) {
        stop.abort();
        return;
      }
      if (name !== 'SIGINT') return;
      say('killed');
      kill();
      process.exit(130);
    });
  return stop.signal;
}

/** Waits for the signal. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
