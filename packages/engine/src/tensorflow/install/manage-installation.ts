import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { engineFolder, type InstallationRecord, installationFolder, readRecord } from '../installation.js';
import { sha256OfFile } from './digest.js';
import { lockInstallation } from './installation-lock.js';

export interface InstalledEngine {
  readonly folder: string;
  readonly record: InstallationRecord;
  readonly sizeBytes: number;
}

/** The installed native engine, undefined when there is none. Errors  ENGINE_INSTALLATION_CORRUPT. */
export async function findInstalled(engines = engineFolder()): Promise<InstalledEngine | undefined> {
  const folder = installationFolder(engines);
  const record = readRecord(folder);
  if (!record) return undefined;
  const sizes = await Promise.all(Object.keys(record.files).map((file) => sizeOf(join(folder.root, file), file)));
  return { folder: folder.root, record, sizeBytes: sizes.reduce((a, b) => a + b, 0) };
}

/** Reads every file of an installation again. Errors  ENGINE_INSTALLATION_CORRUPT with the first that changed. */
export async function checkInstalled({ folder, record }: InstalledEngine): Promise<void> {
  for (const [file, expected] of Object.entries(record.files))
    if ((await sha256OfFile(join(folder, file))) !== expected)
      throw new ConsiliumError('ENGINE_INSTALLATION_CORRUPT', { file });
}

/** Removes the installation and what an unfinished one left. Errors  NOT_FOUND when there is neither; ALREADY_RUNNING. */
export async function removeTensorflow(engines = engineFolder()): Promise<void> {
  const parts = ['tensorflow', 'tensorflow.partial', 'tensorflow.old', 'downloads'].map((name) => join(engines, name));
  if (!parts.some((path) => existsSync(path))) throw new ConsiliumError('NOT_FOUND', { folder: engines });
  const lock = lockInstallation(join(engines, 'lock'));
  try {
    // The record first: what is left of an interrupted removal is no installation.
    await rm(installationFolder(engines).record, { force: true });
    for (const path of parts) await rm(path, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

async function sizeOf(path: string, file: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new ConsiliumError('ENGINE_INSTALLATION_CORRUPT', { file, reason: 'missing' }, error);
  }
}
