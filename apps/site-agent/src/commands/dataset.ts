import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { DatasetStore } from '../datasets/dataset-store.js';
import type { IngestReport } from '../datasets/ingest-report.js';
import { reportText } from '../datasets/ingest-report.js';
import { preparationStages } from '../datasets/prepare.js';
import { parseShares } from '../datasets/split.js';
import { deleteUnused, lockDatasets } from '../datasets/unused.js';
import { prepareDataset } from '../pipeline.js';
import { readPseudonymKey, type SiteFolder, siteFolder } from '../platform/site-folder.js';
import { TensorCache } from '../preprocessing/tensor-cache.js';
import { openSiteState, type SiteState } from '../state/site-state.js';
import { describeDataset } from './describe-dataset.js';
import { table, writeLine } from './print.js';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

interface Place {
  readonly dir: string;
  readonly json?: boolean;
}

export interface AddOptions extends Place {
  readonly from: string;
  readonly labels?: string;
  readonly classes?: readonly string[];
  /** Percent to train, validate and test, for tables that do not say: `60,15,25`. */
  readonly shares?: string;
}

/** Prepares a dataset and registers it under a name; one that had the name is replaced. */
export async function addDataset(name: string, options: AddOptions): Promise<void> {
  requireName(name);
  const shares = options.shares === undefined ? undefined : parseShares(options.shares);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await withDatasets(options.dir, async (state, folder, store) => {
      const labels = options.labels ?? join(options.from, 'labels.csv');
      const request = { name, folder: options.from, labels, classes: options.classes };
      const stages = preparationStages(store, readPseudonymKey(folder), shares);
      const { version, summary, report } = await prepareDataset(request, stages, stop.signal);
      await writeDurably(reportPath(folder, name), [Buffer.from(JSON.stringify(report))]);
      state.datasets.register(name, version, summary);
      if (options.json) writeLine(JSON.stringify({ name, version, ...summary, report }, null, 2));
      else
        writeLine(
          `${reportText(report)}\n\ndataset ${name}: ${summary.train} train, ${summary.validation} validation, ` +
            `${summary.test} test examples\nversion ${version}`,
        );
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

export function listDatasets({ dir, json }: Place): void {
  const state = openSiteState(siteFolder(dir).state);
  try {
    const datasets = state.datasets.list();
    if (json) writeLine(JSON.stringify(datasets, null, 2));
    else if (datasets.length === 0) writeLine('no datasets; add one with `consilium site dataset add`');
    else {
      const head = ['name', 'train', 'validation', 'test', 'added', 'version'];
      const rows = datasets.map(({ name, version, summary, addedAt }) => [
        name,
        ...[summary.train, summary.validation, summary.test].map(String),
        addedAt.slice(0, 16),
        version.slice(0, 12),
      ]);
      writeLine(table([head, ...rows]));
    }
  } finally {
    state.close();
  }
}

export interface ShowOptions extends Place {
  /** Shows small counts as they are. */
  readonly exact?: boolean;
}

export async function showDataset(name: string, { dir, json, exact }: ShowOptions): Promise<void> {
  const folder = siteFolder(dir);
  const state = openSiteState(folder.state);
  try {
    const registered = requireDataset(state, name);
    const index = await new DatasetStore(folder.datasets).load(registered.version);
    const description = describeDataset(index, exact ?? false);
    const report = await readReport(folder, name);
    if (json) writeLine(JSON.stringify({ ...registered, ...description, report }, null, 2));
    else
      writeLine(
        [
          `dataset ${name}, version ${registered.version}, added ${registered.addedAt}`,
          ...description.tables.map(({ title, rows }) => `\n${title}\n${table(rows)}`),
          exact ? '' : '\ncounts below 5, and what would give them away, are hidden; --exact shows them',
          report ? reportText(report) : '',
        ].join('\n'),
      );
  } finally {
    state.close();
  }
}

export async function removeDataset(name: string, { dir, json }: Place): Promise<void> {
  await withDatasets(dir, async (state, folder) => {
    const { version } = requireDataset(state, name);
    state.datasets.remove(name);
    await rm(reportPath(folder, name), { force: true });
    const isBound = state.invitations.boundVersions().has(version);
    if (json) writeLine(JSON.stringify({ name, removed: true, keptUntilRunsEnd: isBound }));
    else writeLine(`dataset ${name} removed${isBound ? '; a run under way keeps its pixels until it ends' : ''}`);
  });
}

async function withDatasets(
  dir: string,
  act: (state: SiteState, folder: SiteFolder, store: DatasetStore) => Promise<void>,
): Promise<void> {
  const folder = siteFolder(dir);
  const lock = lockDatasets(folder);
  const state = openSiteState(folder.state);
  const store = new DatasetStore(folder.datasets);
  try {
    await act(state, folder, store);
  } finally {
    // Also after a failure: what was stored before it belongs to nothing.
    await deleteUnused(state, store, new TensorCache(folder.tensors, store));
    state.close();
    lock.release();
  }
}

function requireDataset(state: SiteState, name: string) {
  const registered = state.datasets.find(name);
  if (!registered) throw new ConsiliumError('DATASET_NOT_FOUND', { name });
  return registered;
}

function requireName(name: string): void {
  if (!NAME.test(name) || name.length > 64)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'a dataset is named by lower-case words joined by hyphens',
    });
}

function reportPath(folder: SiteFolder, name: string): string {
  return join(folder.reports, `${name}.json`);
}

async function readReport(folder: SiteFolder, name: string): Promise<IngestReport | undefined> {
  const text = await readFile(reportPath(folder, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as IngestReport);
}
