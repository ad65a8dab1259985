import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '@consilium/durability';
import { ConsiliumError, errorCode } from '@consilium/errors';
import { DatasetStore } from '../datasets/dataset-store.js';
import type { IngestReport } from '../datasets/ingest-report.js';
import { deleteUnused, lockDatasets } from '../datasets/unused.js';
import { type SiteFolder, siteFolder } from '../platform/site-folder.js';
import { TensorCache } from '../preprocessing/tensor-cache.js';
import type { RegisteredDataset } from '../state/dataset-registry.js';
import { openSiteState, type SiteState } from '../state/site-state.js';

/** What every command about datasets is told. */
export interface Place {
  readonly dir: string;
  readonly json?: boolean;
}

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Errors  REQUEST_INVALID. */
export function requireName(name: string): void {
  if (!NAME.test(name) || name.length > 64)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'a dataset is named by lower-case words joined by hyphens',
    });
}

/** Errors  DATASET_NOT_FOUND. */
export function requireDataset(state: SiteState, name: string): RegisteredDataset {
  const registered = state.datasets.find(name);
  if (!registered) throw new ConsiliumError('DATASET_NOT_FOUND', { name });
  return registered;
}

/** For a command that changes datasets: alone, and what nothing needs afterwards is deleted. Errors  ALREADY_RUNNING. */
export async function withDatasets<T>(
  dir: string,
  act: (state: SiteState, folder: SiteFolder, store: DatasetStore) => Promise<T>,
): Promise<T> {
  const folder = siteFolder(dir);
  const lock = lockDatasets(folder);
  const state = openSiteState(folder.state);
  const store = new DatasetStore(folder.datasets);
  let isStopped = false;
  try {
    return await act(state, folder, store);
  } catch (error) {
    // A person waits for the prompt: the next command cleans up.
    isStopped = errorCode(error) === 'STOPPED';
    throw error;
  } finally {
    // Also after a failure: what was stored before it and is in no journal belongs to nothing.
    if (!isStopped) await deleteUnused(folder, state, store, new TensorCache(folder.tensors, store));
    state.close();
    lock.release();
  }
}

/** For a command that looks. */
export async function lookingAt<T>(
  dir: string,
  look: (state: SiteState, folder: SiteFolder) => Promise<T> | T,
): Promise<T> {
  const folder = siteFolder(dir);
  const state = openSiteState(folder.state);
  try {
    return await look(state, folder);
  } finally {
    state.close();
  }
}

export function reportPath(folder: SiteFolder, name: string, extension: 'json' | 'png' = 'json'): string {
  return join(folder.reports, `${name}.${extension}`);
}

export function journalPath(folder: SiteFolder, name: string): string {
  return join(folder.journals, `${name}.sqlite`);
}

/** Undefined when the dataset has none. */
export async function readReport(folder: SiteFolder, name: string): Promise<IngestReport | undefined> {
  try {
    return JSON.parse(await readFile(reportPath(folder, name), 'utf8')) as IngestReport;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
