import { Progress } from './fetch-progress.js';
import { fetchStudy } from './fetch-study.js';
import { inParallel } from './in-parallel.js';
import type { Inbox } from './inbox/inbox.js';
import { listStudies } from './list-studies.js';
import { openPacs } from './open-pacs.js';
import { PaceKeeper, WALL_CLOCK, type WallClock } from './pace/pace-keeper.js';
import type { FoundStudy, Pacs } from './pacs.js';
import { Patience, patiently } from './patience.js';
import type { FetchRequest, FetchResult, OnProgress } from './request.js';

export interface FetchOptions {
  readonly clock?: WallClock;
  /** How long the PACS may stay away before the fetch gives up. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 600_000;

/**
 * Fetches every study of a request into an inbox. What the inbox has already is not asked for again, so the same call after
 * a failure, a stop or a crash goes on where it ended; and when it returns, every instance that the PACS lists is counted
 * as arrived or refused.
 *
 * Errors   as `openPacs`; PACS_UNREACHABLE (it stayed away for longer than the patience), PACS_DENIED, PACS_ANSWER_INVALID,
 *          DISK_FULL, STOPPED. What has arrived stays in any case.
 */
export async function fetchStudies(
  request: FetchRequest,
  inbox: Inbox,
  onProgress: OnProgress,
  signal: AbortSignal,
  { clock = WALL_CLOCK, patienceMs = PATIENCE_MS }: FetchOptions = {},
): Promise<FetchResult> {
  let progress = new Progress([], inbox, onProgress);
  const pace = new PaceKeeper(request.pace, (until) => progress.setWaiting(until), clock);
  await pace.waitForHours(signal);
  const pacs = await openPacs(request, signal);
  try {
    const patience = new Patience(patienceMs);
    const studies = await patiently(patience, signal, () => allStudies(pacs, request, signal));
    progress = new Progress(studies, inbox, onProgress);
    const work = { pacs, inbox, pace, progress, query: request.query, patienceMs };
    await inParallel(request.pace.associations, studies, signal, (study, either) => fetchStudy(work, study, either));
    progress.show();
    return inbox.counts(progress.studyUids);
  } finally {
    await pacs.close();
  }
}

async function allStudies(pacs: Pacs, { query }: FetchRequest, signal: AbortSignal): Promise<FoundStudy[]> {
  const studies: FoundStudy[] = [];
  for await (const study of listStudies(pacs, query, signal)) studies.push(study);
  return studies;
}
