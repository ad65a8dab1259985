import { startCpuEngine } from './cpu-engine.js';
import type { Engine, EngineOptions } from './engine.js';

/**
 * Starts a back end: the one that is asked for, or the first that works.
 * Back ends are global to a process: one engine at a time.
 *
 * Errors   BACK_END_UNAVAILABLE.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  return startCpuEngine(options.mode ?? 'deterministic');
}
