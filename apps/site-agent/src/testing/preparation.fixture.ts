import { DatasetStore } from '../datasets/dataset-store.js';
import { IngestJournal } from '../datasets/ingest-journal.js';
import type { PreparationTools } from '../datasets/prepare.js';
import { openDecodePool } from '../decoding/decode-pool.js';

/** One for all preparations of a test file: its threads start once, and keep no process alive. */
export const SHARED_POOL = openDecodePool();

/** The tools of a preparation whose journal is gone with the process. */
export function preparationTools(
  root: string,
  key: Uint8Array,
  more: Partial<PreparationTools> = {},
): PreparationTools {
  return {
    key,
    store: new DatasetStore(root),
    journal: IngestJournal.open(':memory:', 'test'),
    pool: SHARED_POOL,
    progress: () => {},
    excluded: new Set(),
    ...more,
  };
}
