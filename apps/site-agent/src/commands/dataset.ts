import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';
import { print, printJson, table } from '../platform/terminal.js';
import { journalPath, lookingAt, type Place, reportPath, withDatasets } from './dataset-place.js';
import { afterWithdrawal, makeWay, runsOf, type WithdrawOptions, withdrawalText } from './runs-in-the-way.js';
import { inboxFolder } from './source-folder.js';

export type { AddOptions } from './add-dataset.js';
export { addDataset } from './add-dataset.js';
export { type ShowOptions, showDataset } from './show-dataset.js';

export function listDatasets({ dir, json }: Place): Promise<void> {
  return lookingAt(dir, (state) => {
    const bindings = state.bindings.list();
    const datasets = state.datasets.list().map((dataset) => ({
      ...dataset,
      versions: state.datasets.history(dataset.name).length,
      boundTo: bindings.filter((binding) => binding.dataset === dataset.name).map(({ logical }) => logical),
    }));
    if (json) printJson(datasets);
    else if (datasets.length === 0) print('no datasets; add one with `consilium site dataset add`');
    else {
      const head = ['name', 'train', 'validation', 'test', 'versions', 'added', 'version', 'public', 'plans call it'];
      const rows = datasets.map(({ name, version, summary, addedAt, versions, isPublic, boundTo }) => [
        name,
        ...[summary.train, summary.validation, summary.test, versions].map(String),
        addedAt.slice(0, 16),
        version.slice(0, 12),
        isPublic ? 'yes' : 'no',
        [...new Set([...(bindings.some(({ logical }) => logical === name) ? [] : [name]), ...boundTo])].join(', ') ||
          '-',
      ]);
      print(table([head, ...rows]));
    }
  });
}

/**
 * Forgets a dataset. While runs under way were promised a version of it, that is refused, or the site leaves them.
 *
 * Errors   DATASET_NOT_FOUND, DATASET_IN_USE, ALREADY_RUNNING.
 */
export async function removeDataset(name: string, options: WithdrawOptions): Promise<void> {
  const { dir, json } = options;
  await withDatasets(dir, async (state, folder) => {
    const dataset = state.datasets.find(name);
    const journal = journalPath(folder, name);
    if (!dataset && !existsSync(journal)) throw new ConsiliumError('DATASET_NOT_FOUND', { name });
    const left = state.transaction(() => {
      const uses = runsOf(state, name);
      makeWay(state, uses, 'dataset-removed', options);
      state.datasets.remove(name);
      const unbound = state.bindings.list().filter((binding) => binding.dataset === name);
      for (const { logical } of unbound) state.bindings.unbind(logical);
      const runs = uses.map(({ runId }) => runId);
      state.acts.add('dataset.remove', name, {
        version: dataset?.version ?? null,
        unbound: unbound.length,
        left: runs,
      });
      return uses;
    });
    for (const path of [
      reportPath(folder, name),
      reportPath(folder, name, 'png'),
      journal,
      `${journal}-wal`,
      `${journal}-shm`,
    ])
      await rm(path, { force: true });
    await rm(inboxFolder(folder, name), { recursive: true, force: true });
    const withdrawal = await afterWithdrawal(folder, state, left);
    if (json) print(JSON.stringify({ name, removed: true, left: withdrawal.told }));
    else print([`dataset ${name} removed`, ...withdrawalText(left, withdrawal)]);
  });
}
