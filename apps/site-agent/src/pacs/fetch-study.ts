import { errorCode } from '@consilium/errors';
import { throwIfStopped } from '../platform/stopping.js';
import type { Progress } from './fetch-progress.js';
import type { Inbox } from './inbox/inbox.js';
import { listInstances } from './list-studies.js';
import { HoursEnded, type PaceKeeper } from './pace/pace-keeper.js';
import type { FoundStudy, Intake, Pacs, Portion } from './pacs.js';
import { Patience, patiently } from './patience.js';
import type { StudyQuery } from './query.js';

export interface FetchWork {
  readonly pacs: Pacs;
  readonly inbox: Inbox;
  readonly pace: PaceKeeper;
  readonly progress: Progress;
  readonly query: StudyQuery;
  readonly patienceMs: number;
}

/** Instances that are asked for by name in one go. */
const NAMED_AT_ONCE = 50;

/** One study, until each of its instances has arrived or is refused. Errors  as `fetchStudies`. */
export async function fetchStudy(work: FetchWork, study: FoundStudy, signal: AbortSignal): Promise<void> {
  if (!isComplete(work, study)) {
    const patience = new Patience(work.patienceMs);
    await work.pace.waitForHours(signal);
    await work.pace.beforeStudy(signal);
    await work.pace.waitForHours(signal);
    const { ledger } = work.inbox;
    ledger.expectRefusedAgain(study.studyUid);
    const listed = await patiently(patience, signal, () => listInstances(work.pacs, study, work.query, signal));
    ledger.expect(study.studyUid, listed);
    work.progress.listed(study.studyUid, [...listed.values()].flat().length);
    await retrieveMissing(work, study.studyUid, patience, signal);
  }
  work.progress.studyDone();
}

/** True when the PACS counts as many instances as have arrived: nothing of it needs to be listed again. */
function isComplete({ inbox, query }: FetchWork, { studyUid, instances }: FoundStudy): boolean {
  if (query.bodyPart !== undefined || instances === undefined || !inbox.ledger.isListed(studyUid)) return false;
  const { arrived, missing, refused } = inbox.counts([studyUid]);
  return missing === 0 && refused === 0 && arrived === instances;
}

async function retrieveMissing(work: FetchWork, studyUid: string, patience: Patience, signal: AbortSignal) {
  const { inbox, pace } = work;
  let isByName = false;
  while (true) {
    throwIfStopped(signal);
    await inbox.settled();
    const before = missingCount(work, studyUid);
    if (before === 0) return;
    const portions = portionsOf(work, studyUid, isByName);
    isByName = portions.every(({ isWhole }) => !isWhole);
    let hasAnswered = false;
    let refusal: unknown;
    try {
      await pace.withinHours(signal, async (within) => {
        for (const portion of portions) refusal = (await retrieve(work, portion, within)) ?? refusal;
      });
      hasAnswered = true;
    } catch (error) {
      if (missingCount(work, studyUid) < before) patience.renew();
      if (error instanceof HoursEnded) await pace.waitForHours(signal);
      else await patience.pauseAfter(error, signal);
    }
    await inbox.settled();
    // Asked for by name, and answered without it: the PACS lists it and does not have it.
    if (hasAnswered && isByName && missingCount(work, studyUid) === before) {
      // Where nothing has ever come, it is not about this study: the receiver is unknown to the PACS, say.
      if (refusal !== undefined && inbox.counts(work.progress.studyUids).arrived === 0) throw refusal;
      for (const { missing } of inbox.ledger.missing(studyUid).values())
        for (const { sopUid } of missing) inbox.ledger.refuse(sopUid, 'the PACS does not deliver it');
    }
    if (hasAnswered) isByName = true;
  }
}

/** Answers the refusal of the PACS, if it is one: as a whole first, then by name, then no more is tried. */
async function retrieve(work: FetchWork, portion: Portion, signal: AbortSignal): Promise<unknown> {
  try {
    await work.pacs.retrieve(portion, intakeOf(work, signal), signal);
    return undefined;
  } catch (error) {
    if (errorCode(error) !== 'PACS_REFUSED') throw error;
    return error;
  }
}

function intakeOf({ inbox, pace, progress }: FetchWork, signal: AbortSignal): Intake {
  return inbox.intake({
    onlyExpected: true,
    onBytes: (count) => pace.afterBytes(count, signal),
    onStored: (sizeBytes) => progress.stored(sizeBytes),
  });
}

function missingCount({ inbox }: FetchWork, studyUid: string): number {
  return inbox.counts([studyUid]).missing;
}

/** As few requests as there can be: the study at once while nothing of it is here, then series, then instances by name. */
function portionsOf({ inbox, query }: FetchWork, studyUid: string, isByName: boolean): Portion[] {
  const series = [...inbox.ledger.missing(studyUid)].filter(([, { missing }]) => missing.length > 0);
  const isUntouched = [...inbox.ledger.missing(studyUid).values()].every(({ all, missing }) => all === missing.length);
  if (isUntouched && !isByName && query.bodyPart === undefined) {
    const instances = series.flatMap(([, { missing }]) => missing);
    return [{ studyUid, seriesUid: undefined, instances, isWhole: true }];
  }
  return series.flatMap(([seriesUid, { all, missing }]): Portion[] => {
    if (all === missing.length && !isByName) return [{ studyUid, seriesUid, instances: missing, isWhole: true }];
    return Array.from({ length: Math.ceil(missing.length / NAMED_AT_ONCE) }, (_, i) => ({
      studyUid,
      seriesUid,
      instances: missing.slice(i * NAMED_AT_ONCE, (i + 1) * NAMED_AT_ONCE),
      isWhole: false,
    }));
  });
}
