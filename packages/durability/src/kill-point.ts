import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { isMissing } from './durable-file.js';

/** Called where a fault test may want this process to die; does nothing in a life without kill points. */
export type ReachPoint<Point extends string> = (point: Point) => void;

/**
 * Fault injection: the first time that one of `armed` (a list with commas) is reached, its name is added to the log, the log
 * is forced to disk, and this process kills itself as a power cut would. A point that the log holds already does not fire
 * again, so that the log counts the kills.
 *
 * Errors   CONFIG_INVALID on a point that is not one of `known`, or on points without a log.
 */
export function killPoints<Point extends string>(
  known: readonly Point[],
  armed: string | undefined,
  log: string | undefined,
): ReachPoint<Point> {
  if (armed === undefined || armed === '') return () => {};
  const points = armed.split(',');
  const unknown = points.find((point) => !known.some((k) => k === point));
  if (unknown !== undefined || log === undefined)
    throw new ConsiliumError('CONFIG_INVALID', {
      problems:
        unknown === undefined
          ? 'CONSILIUM_KILL_POINT: of no use without CONSILIUM_KILL_LOG'
          : `CONSILIUM_KILL_POINT: "${unknown}" is none of ${known.join(', ')}`,
    });
  return (reached) => {
    if (!points.includes(reached) || hasFired(log, reached)) return;
    const file = openSync(log, 'a');
    writeSync(file, `${reached}\n`);
    fsyncSync(file);
    closeSync(file);
    process.kill(process.pid, 'SIGKILL');
  };
}

function hasFired(log: string, point: string): boolean {
  try {
    return readFileSync(log, 'utf8').split('\n').includes(point);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
