import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { encode } from 'fast-png';
import type { ShownPicture } from '../decoding/describe-file.js';
import { scaleIntensity } from '../preprocessing/intensity.js';

export interface PictureFolder {
  /** Writes the frames of one file and answers the names that it gave them. */
  write(fileNumber: number, digest: string, frames: readonly ShownPicture[]): Promise<string[]>;
  /** Writes one picture under a name that no header has a part in. */
  writeOne(name: string, picture: Omit<ShownPicture, 'frame'>): Promise<void>;
}

/** As a plan's usual preprocessing does it: values between these percentiles become black to white. */
const PERCENTILES = { kind: 'percentile', low: 1, high: 99 } as const;

/**
 * A folder of PNG files. Their names are made of numbers and of the stored values' digest: nothing from a header gets there.
 *
 * Errors   CONFIG_INVALID (the folder cannot be made), DISK_FULL.
 */
export async function openPictureFolder(folder: string): Promise<PictureFolder> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'the folder for pictures cannot be made' }, error);
  }
  return {
    write: async (fileNumber, digest, frames) => {
      const names: string[] = [];
      for (const picture of frames) {
        const name = `${String(fileNumber).padStart(6, '0')}-${digest.slice(0, 12)}-${picture.frame + 1}.png`;
        await save(join(folder, name), pngOf(picture));
        names.push(name);
      }
      return names;
    },
    writeOne: (name, picture) => save(join(folder, name), pngOf(picture)),
  };
}

function pngOf({ rows, columns, grey }: Omit<ShownPicture, 'frame'>): Uint8Array {
  const data = Uint8Array.from(scaleIntensity(grey, PERCENTILES), (share) => Math.round(255 * share));
  return encode({ width: columns, height: rows, data, channels: 1, depth: 8 });
}

async function save(path: string, png: Uint8Array): Promise<void> {
  try {
    await writeFile(path, png, { mode: 0o600 });
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    if (isFull) throw new ConsiliumError('DISK_FULL', {}, error);
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'the folder for pictures cannot be written to' }, error);
  }
}
