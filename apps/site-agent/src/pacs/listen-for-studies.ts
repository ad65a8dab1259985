import { throwIfStopped, wait } from '../platform/stopping.js';
import type { Inbox } from './inbox/inbox.js';
import { isWithin } from './pace/hours.js';
import { PaceKeeper } from './pace/pace-keeper.js';
import type { FetchResult, ListenRequest, OnProgress } from './request.js';

const LOOK_EVERY_MS = 250;
/** Counting the ledger takes longer the more is in it. */
const LOOKS_A_COUNT = 8;

/**
 * Takes what a PACS or a modality pushes (C-STORE), from the peers of the settings alone, until nobody has sent anything
 * for as long as the request says, or until stopped. Outside of the hours peers are told to come later. An object is answered with success once it is on disk and booked.
 *
 * Errors   ADDRESS_IN_USE, CONFIG_INVALID, PACS_UNREACHABLE (a peer's name is unknown), DISK_FULL, STOPPED.
 */
export async function listenForStudies(
  request: ListenRequest,
  inbox: Inbox,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<FetchResult> {
  const { Receiver } = await import('./dimse/receiver.js');
  const pace = new PaceKeeper(request.pace, () => {});
  const { hours, associations } = request.pace;
  const isOpen = () => hours === undefined || isWithin(hours, new Date());
  const receiver = await Receiver.start(
    { root: request.root, settings: request.receiver, answerWhen: 'booked', associations, isOpen },
    signal,
  );
  const show = () => {
    const { studies, arrived, bytes } = inbox.counts();
    onProgress({
      studies,
      studiesExpected: studies,
      instances: arrived,
      instancesExpected: arrived,
      bytes,
      waitsUntil: undefined,
    });
  };
  const intake = inbox.intake({ onlyExpected: false, onBytes: (count) => pace.afterBytes(count, signal) });
  try {
    await receiver.taking(intake, signal, async (within) => {
      for (let looks = 1; !isIdle(receiver, request.untilIdleMs); looks++) {
        await wait(LOOK_EVERY_MS, within);
        if (looks % LOOKS_A_COUNT === 0) show();
      }
      throwIfStopped(within);
    });
  } finally {
    await receiver.close();
  }
  show();
  return inbox.counts();
}

function isIdle(receiver: { associations: number; lastHeardAt: number }, untilIdleMs: number | undefined): boolean {
  if (untilIdleMs === undefined) return false;
  return receiver.associations === 0 && Date.now() - receiver.lastHeardAt >= untilIdleMs;
}
