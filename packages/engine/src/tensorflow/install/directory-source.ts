import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import type { DistributionSource } from './source.js';
import { chooseWheel } from './wheel-name.js';

/** A folder of wheels, as a hospital without internet has it. Errors  ENGINE_DISTRIBUTION_MISSING. */
export function directorySource(folder: string): DistributionSource {
  return {
    wheel: async (request) => {
      const wheel = chooseWheel(listFolder(folder), request);
      if (wheel) return { path: join(folder, wheel.file), isDownload: false };
      throw new ConsiliumError('ENGINE_DISTRIBUTION_MISSING', {
        wanted: `${request.project}${request.versions} for ${request.machine}`,
        where: folder,
      });
    },
  };
}

/** Errors  ENGINE_DISTRIBUTION_MISSING when it cannot be read. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new ConsiliumError('ENGINE_DISTRIBUTION_MISSING', { where: folder, reason: 'cannot be read' }, error);
  }
}
