import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';

export const KILL_POINTS = ['fetching', 'training', 'sending'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/** Called where a fault test may want this process to die; does nothing in a life without a kill point. */
export type ReachPoint = (point: KillPoint) => void;

/**
 * Fault injection: the first time that one of `points` (a list with commas) is reached, its name is added to the log, the
 * log is forced to disk, and this process kills itself as a power cut would. A point that the log holds already does not
 * fire again.
 *
 * Errors   CONFIG_INVALID on an unknown point or a point without a log.
 */
export function killPointFrom(points: string | undefined, log: string | undefined): ReachPoint {
  if (points === undefined || points === '') return () => {};
  const armed = points.split(',');
  if (!armed.every((point) => KILL_POINTS.some((known) => known === point)) || log === undefined)
    throw new ConsiliumError('CONFIG_INVALID', {
      problem: 'CONSILIUM_KILL_POINT is unknown or has no CONSILIUM_KILL_LOG',
    });
  return (reached) => {
    if (!armed.includes(reached) || alreadyFired(log, reached)) return;
    const file = openSync(log, 'a');
    writeSync(file, `${reached}\n`);
    fsyncSync(file);
    closeSync(file);
    process.kill(process.pid, 'SIGKILL');
  };
}

function alreadyFired(log: string, point: string): boolean {
  try {
    return readFileSync(log, 'utf8').split('\n').includes(point);
  } catch {
    return false;
  }
}
