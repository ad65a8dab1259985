import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Memory that stays when nothing is going on, in bytes. Needs `--expose-gc`. What the start of the process left behind goes back
 * to the system from other threads, so this collects and waits until the figure stands still.
 */
export async function idleBytes() {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    globalThis.gc?.();
    await pause(200);
    const resident = process.memoryUsage().rss;
    if (resident >= before) {
      forgetPeak();
      return process.memoryUsage().rss;
    }
    before = resident;
  }
}

/**
 * Highest resident memory since `idleBytes`. Linux keeps it for each address space; `resourceUsage` would inherit the peak of the
 * process that started this one.
 */
export function peakBytes() {
  const status = linux(() => readFileSync('/proc/self/status', 'utf8'));
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) * 1024;
}

/** Sets the high-water mark back to what is resident now. */
function forgetPeak() {
  linux(() => writeFileSync('/proc/self/clear_refs', '5'));
}

/**
 * @template T
 * @param {() => T} work
 */
function linux(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}
