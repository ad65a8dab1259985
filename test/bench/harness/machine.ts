import os from 'node:os';

/** What the figures depend on; nothing that names the machine. */
export function describeMachine(): Record<string, string | number> {
  const cpus = os.cpus();
  return {
    processor: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.platform()}-${os.arch()}`,
    node: process.versions.node,
  };
}
