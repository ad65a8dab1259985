import { statfs } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';

export interface Platform {
  /** As wheels call it. */
  readonly machine: string;
  readonly glibc: string;
}

const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Errors  BACK_END_UNAVAILABLE where there is no wheel: another system, another processor, another C library. */
export function requirePlatform(): Platform {
  const machine = process.platform === 'linux' ? MACHINES[process.arch] : undefined;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const glibc = report?.header?.glibcVersionRuntime;
  if (machine && glibc) return { machine, glibc };
  throw new ConsiliumError('BACK_END_UNAVAILABLE', {
    backEnd: 'tensorflow',
    reason: `TensorFlow's wheels are for Linux with glibc on x64 and arm64, not for ${process.platform}-${process.arch}`,
  });
}

/** Bytes free where a folder is. Errors  DISK_FULL with what is there and what is needed. */
export async function requireSpace(folder: string, neededBytes: number): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) throw new ConsiliumError('DISK_FULL', { folder, freeBytes, neededBytes });
  return freeBytes;
}
