import { fileURLToPath } from 'node:url';
import { ConsiliumError } from '@consilium/errors';
import type { InstallationFolder } from '../installation.js';
import { runTool } from './run-tool.js';
import type { InstallContext } from './source.js';

const SELF = import.meta.url;
const ENTRY = fileURLToPath(new URL(`./training-step${SELF.endsWith('.ts') ? '.ts' : '.js'}`, SELF));

export interface Verified {
  readonly stepMs: number;
  readonly device: string;
  readonly version: string;
}

/**
 * Takes a training step with an installation, in a process of its own: a library that crashes ends that process only.
 *
 * Errors   ENGINE_INSTALL_FAILED with the last thing that it said; STOPPED.
 */
export async function verifyInstallation(folder: InstallationFolder, context: InstallContext): Promise<Verified> {
  context.report({ doing: 'taking a training step' });
  const flags = SELF.endsWith('.ts') ? ['--conditions=@consilium/source'] : [];
  const result = await runTool([process.execPath, ...flags, ENTRY, folder.root], context.signal);
  if (context.signal.aborted) throw new ConsiliumError('STOPPED');
  if (result.code === 0) return JSON.parse(result.stdout) as Verified;
  const said = result.stderr.trim().split('\n');
  throw new ConsiliumError('ENGINE_INSTALL_FAILED', {
    reason: `the training step failed: ${said.find((line) => /Error|reason/.test(line)) ?? said.at(-1) ?? result.code}`,
  });
}
