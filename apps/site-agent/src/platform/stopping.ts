import { setTimeout as delay } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';

/** Errors  the reason of the signal if it is one of ours, STOPPED otherwise. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw stopReason(signal);
}

export function stopReason(signal: AbortSignal): ConsiliumError {
  return signal.reason instanceof ConsiliumError ? signal.reason : new ConsiliumError('STOPPED');
}

/** Waits, unless the signal fires first. Errors  as `throwIfStopped`. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  throwIfStopped(signal);
  await delay(ms, undefined, { signal }).catch(() => {
    throw stopReason(signal);
  });
}
