import { readFileSync, writeFileSync } from 'node:fs';

/** Memory that stays when nothing is going on, in bytes. Collects garbage first; needs `--expose-gc`. */
export function idleBytes(): number {
  globalThis.gc?.();
  forgetPeak();
  return process.memoryUsage().rss;
}

/**
 * Highest resident memory since `idleBytes`. Linux keeps it for each address space; `resourceUsage` would inherit the peak of the
 * process that started this one.
 */
export function peakBytes(): number {
  const status = linux(() => readFileSync('/proc/self/status', 'utf8'));
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) * 1024;
}

/** Sets the high-water mark back to what is resident now. */
function forgetPeak(): void {
  linux(() => writeFileSync('/proc/self/clear_refs', '5'));
}

function linux<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
