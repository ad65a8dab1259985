import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** Cores that other programs keep busy: above this a figure is of the machine's other work as well. */
export const NOISY_ABOVE = 0.5;

/** What other programs did while something was measured. */
export interface ForeignLoad {
  /** Mean number of cores kept busy by processes outside of the bench; null where the system does not say (no Linux). */
  readonly cores: number | null;
}

/** The system's one-minute load, in runnable processes: before a bench begins, all of it is others'. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/**
 * Does `work` and says how busy other programs were meanwhile: all processor time of the system less that of this process and of those
 * that it has started.
 *
 * Source  proc(5): /proc/stat and /proc/[pid]/stat, in ticks of 1/100 s.
 */
export async function withForeignLoad<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly load: ForeignLoad }> {
  const before = ticks();
  const startedAt = performance.now();
  const result = await work();
  const after = ticks();
  if (before === undefined || after === undefined) return { result, load: { cores: null } };
  const seconds = (performance.now() - startedAt) / 1000;
  const others = after.all - before.all - (after.own - before.own);
  return { result, load: { cores: Math.max(0, others) / TICKS_PER_SECOND / seconds } };
}

const TICKS_PER_SECOND = 100;

function ticks(): { readonly all: number; readonly own: number } | undefined {
  let stat: string;
  try {
    stat = readFileSync('/proc/stat', 'utf8');
  } catch {
    return undefined;
  }
  // user nice system idle iowait irq softirq steal; guest time is in user already.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { all: user + nice + system + irq + softirq + steal, own: ownTicks() };
}

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** With its ended children. */
  readonly ticks: number;
}

function ownTicks(): number {
  const children = Map.groupBy(allProcesses(), ({ parent }) => parent);
  const self = timesOf(process.pid);
  const pending = self === undefined ? [] : [self];
  let sum = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    sum += next.ticks;
    pending.push(...(children.get(next.pid) ?? []));
  }
  return sum;
}

function allProcesses(): ProcessTimes[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (timesOf(Number(name)) ?? []) : []));
}

/** Undefined for a process that has just ended. */
function timesOf(pid: number): ProcessTimes | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
  return { pid, parent: Number(fields[1]), ticks };
}
