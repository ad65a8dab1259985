import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { killGroup } from './supervised-process.js';

const GRACE_MS = 15_000;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether this process still is the one that was written down: its command line holds `mark`, say its own file. */
export async function isStill(pid: number, mark: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(mark);
  } catch {
    return promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).then(
      ({ stdout }) => stdout.includes(mark),
      () => false,
    );
  }
}

/** Ends a process that an earlier, killed command left behind; answers whether there was one. */
export async function endLeftover(pid: number, mark: string): Promise<boolean> {
  if (!(await isStill(pid, mark))) return false;
  process.kill(pid, 'SIGTERM');
  for (const end = Date.now() + GRACE_MS; isAlive(pid) && Date.now() < end; ) await sleep(50);
  if (isAlive(pid)) killGroup(pid);
  return true;
}
