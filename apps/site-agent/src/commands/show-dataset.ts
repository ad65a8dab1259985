import { ConsiliumError } from '@consilium/errors';
import { DatasetStore } from '../datasets/dataset-store.js';
import { reportText } from '../datasets/ingest-report.js';
import { print, printJson, say, table } from '../platform/terminal.js';
import { describeDataset } from '../reports/describe-dataset.js';
import { madeByText } from '../reports/made-by-text.js';
import { datasetsOfOtherKeys, OTHER_KEY_WARNING } from '../state/dataset-key.js';
import type { DatasetVersionEntry } from '../state/dataset-registry.js';
import { lookingAt, type Place, readReport, requireDataset } from './dataset-place.js';

export interface ShowOptions extends Place {
  /** Shows small counts as they are. */
  readonly exact?: boolean;
  /** An earlier version: its number, or the start of its digest. */
  readonly version?: string;
}

/**
 * What a dataset holds, how it came to it, and what became of each file of its folder.
 *
 * Errors   DATASET_NOT_FOUND (also for a version that is not kept any more), DATASET_CORRUPT.
 */
export function showDataset(name: string, options: ShowOptions): Promise<void> {
  const { dir, json, exact = false } = options;
  return lookingAt(dir, async (state, folder) => {
    const registered = requireDataset(state, name);
    const history = state.datasets.history(name);
    const asked = options.version === undefined ? undefined : versionOf(history, options.version);
    const version = asked?.version ?? registered.version;
    const isNewest = version === registered.version;
    const index = await loadKept(new DatasetStore(folder.datasets), version, asked);
    const report = isNewest ? await readReport(folder, name) : undefined;
    if (datasetsOfOtherKeys(folder, state).includes(name)) say(`warning: the dataset ${name} was ${OTHER_KEY_WARNING}`);
    const { tables, ...totals } = describeDataset(index, exact, report);
    const shown = { ...registered, ...(asked && { version, summary: asked.summary, addedAt: asked.madeAt }) };
    if (json) {
      const { years: _, ...ingest } = report ?? { years: {} };
      printJson({ ...shown, history, ...totals, tables, report: report && ingest });
      return;
    }
    print([
      `dataset ${name}${registered.isPublic ? ' (public)' : ''}, version ${version}, added ${shown.addedAt}`,
      `${totals.examples} images of ${totals.patients} patients, ${totals.studies} studies`,
      ...['', 'versions', ...table(historyRows(history))],
      ...tables.flatMap(({ title, rows }) => ['', title, ...table(rows)]),
      ...(exact ? [''] : ['', 'counts below 5, and what would give them away, are hidden; --exact shows them']),
      ...(report ? reportText(report) : ['']),
    ]);
  });
}

function versionOf(history: readonly DatasetVersionEntry[], asked: string): DatasetVersionEntry {
  const found = history.find(
    ({ number, version }) => String(number) === asked || (asked.length >= 6 && version.startsWith(asked)),
  );
  if (!found) throw new ConsiliumError('DATASET_NOT_FOUND', { version: asked.slice(0, 64) });
  return found;
}

async function loadKept(store: DatasetStore, version: string, entry: DatasetVersionEntry | undefined) {
  try {
    return await store.load(version);
  } catch (error) {
    if (!entry || !(error instanceof ConsiliumError) || error.code !== 'DATASET_NOT_FOUND') throw error;
    const { number, summary } = entry;
    const problem = `version ${number} is not kept any more, because no run needs it`;
    throw new ConsiliumError('DATASET_NOT_FOUND', { problem, ...summary }, error);
  }
}

function historyRows(history: readonly DatasetVersionEntry[]): string[][] {
  return [
    ['number', 'made', 'train', 'validation', 'test', 'version', 'because'],
    ...history.map(({ number, madeAt, summary, version, madeBy }) => [
      String(number),
      madeAt.slice(0, 16),
      ...[summary.train, summary.validation, summary.test].map(String),
      version.slice(0, 12),
      madeByText(madeBy),
    ]),
  ];
}
