import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Variable that every process of a federation under test inherits, down to the trainers. */
export const MARK = 'CONSILIUM_TEST_MARK';

export interface MarkedProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

/** The living processes whose environment carries the mark. Empty where there is no /proc. */
export function markedProcesses(mark: string): MarkedProcess[] {
  const wanted = Buffer.from(`${MARK}=${mark}\0`);
  return pids().flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`).includes(wanted)) return [];
      // "pid (name) state parent ...": the name may hold anything, so count from its end.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return [{ pid, parentPid: Number(parentPid), command }];
    } catch {
      return []; // it has just ended
    }
  });
}

/** Marked processes whose parent is gone: a trainer that has outlived its agent. */
export function orphans(mark: string): MarkedProcess[] {
  const marked = markedProcesses(mark);
  const known = new Set([process.pid, ...marked.map(({ pid }) => pid)]);
  return marked.filter(({ parentPid }) => !known.has(parentPid));
}

/** Waits until `find` finds nothing; answers what it still finds at the end. */
export async function untilNone(find: () => MarkedProcess[], timeoutMs: number): Promise<MarkedProcess[]> {
  for (const end = Date.now() + timeoutMs; ; await sleep(50)) {
    const found = find();
    if (found.length === 0 || Date.now() > end) return found;
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
