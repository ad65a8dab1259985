import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installationFolder, readRecord } from './installation.js';

export interface Gpu {
  readonly name: string;
  readonly memoryMebibytes: number;
}

/** NVIDIA GPUs that the driver's own tool sees; none where there is no driver. */
export function findGpus(): Gpu[] {
  const words = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', words, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? parseGpus(stdout) : [];
}

function parseGpus(csv: string): Gpu[] {
  return csv.split('\n').flatMap((line) => {
    const [, name, memory] = /^(.+),\s*(\d+)\s*$/.exec(line) ?? [];
    return name ? [{ name: name.trim(), memoryMebibytes: Number(memory) }] : [];
  });
}

/** Where a driver shows itself: natively, and in Windows' subsystem for Linux. */
const DRIVERS = ['/dev/nvidiactl', '/dev/dxg'];

/** Whether TensorFlow is installed for GPUs and a driver is there; an installation that cannot be read is none. */
export function hasGpuInstallation(): boolean {
  try {
    return readRecord(installationFolder())?.variant === 'gpu' && DRIVERS.some((path) => existsSync(path));
  } catch {
    return false; // `consilium doctor` and a start by name say what is wrong with it
  }
}
