import type { FolderReading } from './folder-reading.js';
import type { JournalOutcome } from './ingest-journal.js';
import { nameKey } from './keyed-hash.js';

/**
 * Whether an earlier outcome still holds: a suspicion of text may have been answered by a person since, and a picture that
 * was not searched for text may have to be now.
 */
export function isSettled(
  outcome: JournalOutcome,
  file: string,
  { textCheck, lookedAt }: Pick<FolderReading, 'textCheck' | 'lookedAt'>,
): boolean {
  const isWanted = textCheck === 'full' && !lookedAt.has(nameKey(file));
  if (outcome.kind === 'set-aside') return outcome.reason !== 'burned-in' || isWanted;
  return outcome.kind === 'mask' || outcome.picture.isSearched || !isWanted;
}
