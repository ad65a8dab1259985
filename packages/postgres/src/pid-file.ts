import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface PidFile {
  readonly file: string;
  readonly pid: number;
  /** Absent while the server has not got so far. */
  readonly port: number | undefined;
}

/** What `postmaster.pid` says: process id in the first line, port in the fourth. */
export async function readPidFile(data: string): Promise<PidFile | undefined> {
  const file = path.join(data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const [pid, , , port] = text.split('\n');
  return Number(pid) > 0 ? { file, pid: Number(pid), port: Number(port) || undefined } : undefined;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether this process is the PostgreSQL server of this data folder, in which it has its working directory: after a crash of
 * the machine the number in the file may be that of another server. Where the system does not tell, any PostgreSQL will do.
 */
export async function isServerOf(data: string, pid: number): Promise<boolean> {
  if (!(await isPostgresProcess(pid))) return false;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data));
  } catch {
    return isRunning(pid);
  }
}

async function isPostgresProcess(pid: number): Promise<boolean> {
  if (process.platform === 'win32') return true;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('postgres');
  } catch {
    return promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).then(
      ({ stdout }) => stdout.includes('postgres'),
      () => isRunning(pid),
    );
  }
}
