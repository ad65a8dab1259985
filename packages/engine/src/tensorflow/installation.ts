import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { readEngineEnvironment } from './env.js';

/** The upstream packages that are known to work together; nothing else is installed. */
export const TENSORFLOW_VERSION = '2.21.0';
export const BINDING_VERSION = '4.22.0';

/** Where the parts of an installation lie. The addon finds the libraries by paths relative to itself. */
export interface InstallationFolder {
  readonly root: string;
  /** Upstream's JavaScript: package.json, dist/. */
  readonly binding: string;
  readonly addon: string;
  /** The two libraries, and the headers while an addon is built. */
  readonly tensorflow: string;
  /** CUDA libraries, beside `tensorflow` as in a Python environment. */
  readonly nvidia: string;
  /** Written last: an installation that has it is complete. */
  readonly record: string;
}

/** What was installed, from what, and what it was checked against. */
export interface InstallationRecord {
  readonly format: 1;
  readonly tensorflow: string;
  readonly binding: string;
  readonly variant: 'cpu' | 'gpu';
  readonly platform: string;
  readonly addon: 'prebuilt' | 'built here';
  readonly installedAt: string;
  /** Distributions, each with its SHA-256 and what vouched for it. */
  readonly sources: readonly { readonly file: string; readonly sha256: string; readonly checkedAgainst: string }[];
  /** SHA-256 of every installed file, by its path within the installation. */
  readonly files: Readonly<Record<string, string>>;
  /** Milliseconds of the training step that it was verified with. */
  readonly verifiedStepMs: number;
  /** Where that step ran; a GPU installation may be made on a machine without one. */
  readonly verifiedOn: string;
}

/** The folder of all native engines of this user: CONSILIUM_ENGINE_DIR, or consilium/engine in the user's data folder. */
export function engineFolder(environment = readEngineEnvironment()): string {
  if (environment.engineFolder) return resolve(environment.engineFolder);
  return join(environment.dataHome ?? join(homedir(), '.local', 'share'), 'consilium', 'engine');
}

export function installationFolder(engines = engineFolder()): InstallationFolder {
  return layoutOf(join(engines, 'tensorflow'));
}

export function layoutOf(root: string): InstallationFolder {
  return {
    root,
    binding: join(root, 'tfjs-node'),
    addon: join(root, 'addon', 'tfjs_binding.node'),
    tensorflow: join(root, 'tensorflow'),
    nvidia: join(root, 'nvidia'),
    record: join(root, 'record.json'),
  };
}

/**
 * The record of a complete installation, undefined when there is none.
 *
 * Errors   ENGINE_INSTALLATION_CORRUPT when there is a record that cannot be read.
 */
export function readRecord(folder: InstallationFolder): InstallationRecord | undefined {
  if (!existsSync(folder.record)) return undefined;
  try {
    const record = JSON.parse(readFileSync(folder.record, 'utf8')) as InstallationRecord;
    if (record.format === 1 && typeof record.files === 'object') return record;
  } catch (error) {
    throw new ConsiliumError('ENGINE_INSTALLATION_CORRUPT', { file: folder.record }, error);
  }
  throw new ConsiliumError('ENGINE_INSTALLATION_CORRUPT', { file: folder.record });
}

/** Errors  BACK_END_UNAVAILABLE with the command that installs it; ENGINE_INSTALLATION_CORRUPT. */
export function requireInstallation(folder = installationFolder()): InstallationRecord {
  const record = readRecord(folder);
  if (!record)
    throw new ConsiliumError('BACK_END_UNAVAILABLE', {
      backEnd: 'tensorflow',
      reason: 'not installed: `consilium engine install tensorflow`',
    });
  if (record.tensorflow !== TENSORFLOW_VERSION || record.binding !== BINDING_VERSION)
    throw new ConsiliumError('BACK_END_UNAVAILABLE', {
      backEnd: 'tensorflow',
      reason: `version ${record.tensorflow} is installed, ${TENSORFLOW_VERSION} is needed: \`consilium engine install tensorflow\``,
    });
  return record;
}
