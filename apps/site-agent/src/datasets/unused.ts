import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@consilium/errors';
import type { SiteFolder } from '../platform/site-folder.js';
import type { TensorCache } from '../preprocessing/tensor-cache.js';
import { FolderLock } from '../state/folder-lock.js';
import type { SiteState } from '../state/site-state.js';
import type { DatasetStore } from './dataset-store.js';
import { openJournal } from './ingest-journal.js';

/** One preparation, removal or clean-up at a time: another's half-made files would look unused. Errors  ALREADY_RUNNING. */
export function lockDatasets(folder: SiteFolder): FolderLock {
  return FolderLock.take(`${folder.lock}-datasets`);
}

/**
 * Deletes pixels that nothing needs: no version that a name or a run under way has, and no reading that may go on. The
 * caller holds the datasets' lock.
 */
export async function deleteUnused(
  folder: SiteFolder,
  state: Pick<SiteState, 'datasets' | 'invitations'>,
  datasets: DatasetStore,
  tensors: TensorCache,
): Promise<void> {
  const registered = state.datasets.list().map(({ version }) => version);
  const wanted = new Set([...state.invitations.boundVersions(), ...registered]);
  await datasets.keepOnly(wanted, await digestsOfJournals(folder));
  await tensors.prune(wanted);
}

/** As `deleteUnused`, for an agent: when a dataset is just being prepared, the next clean-up does it. */
export async function deleteUnusedIfIdle(
  folder: SiteFolder,
  state: Pick<SiteState, 'datasets' | 'invitations'>,
  datasets: DatasetStore,
  tensors: TensorCache,
): Promise<void> {
  let lock: FolderLock;
  try {
    lock = lockDatasets(folder);
  } catch (error) {
    if (errorCode(error) === 'ALREADY_RUNNING') return;
    throw error;
  }
  try {
    await deleteUnused(folder, state, datasets, tensors);
  } finally {
    lock.release();
  }
}

async function digestsOfJournals(folder: SiteFolder): Promise<Set<string>> {
  const digests = new Set<string>();
  for (const file of await readdir(folder.journals)) {
    if (!file.endsWith('.sqlite')) continue;
    const journal = openJournal(join(folder.journals, file));
    try {
      for (const digest of journal.digests()) digests.add(digest);
    } finally {
      journal.close();
    }
  }
  return digests;
}
