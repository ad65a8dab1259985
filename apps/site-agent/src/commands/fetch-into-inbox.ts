import { fetchStudies } from '../pacs/fetch-studies.js';
import { Inbox } from '../pacs/inbox/inbox.js';
import { listenForStudies } from '../pacs/listen-for-studies.js';
import type { FetchResult } from '../pacs/request.js';
import { NO_SCREEN, SCREEN } from '../platform/terminal.js';
import { FetchProgressLine } from './fetch-progress-line.js';
import type { PacsSource } from './pacs-source.js';

/**
 * Fetches, or takes what is pushed, into an inbox folder with progress on standard error. The same call goes on where an
 * earlier one ended; the objects lie in `files` below the folder.
 *
 * Errors   as `fetchStudies` and `listenForStudies`; ALREADY_RUNNING.
 */
export async function fetchIntoInbox(
  source: PacsSource,
  folder: string,
  signal: AbortSignal,
  { json = false, quiet = false }: { readonly json?: boolean; readonly quiet?: boolean } = {},
): Promise<FetchResult> {
  const inbox = await Inbox.open(folder);
  const progress = new FetchProgressLine(quiet ? NO_SCREEN : SCREEN, json);
  try {
    return source.kind === 'fetch'
      ? await fetchStudies(source.request, inbox, progress.show, signal)
      : await listenForStudies(source.request, inbox, progress.show, signal);
  } finally {
    progress.end();
    await inbox.close();
  }
}
