import { ConsiliumError, type ErrorCode, errorCode } from '@consilium/errors';
import { receiptFromWire } from '../connection/wire.js';
import type { InvitationBook, WithdrawalCause } from '../state/invitation-book.js';
import { forgetRun } from './housekeeping.js';
import type { Workshop } from './work-context.js';

/** A person waits at the command line; a look costs one indexed query. */
const LOOK_EVERY_MS = 200;

/** What the researcher reads. It says what was done, and nothing of the data. */
const SENTENCES: Readonly<Record<WithdrawalCause, string>> = {
  'dataset-removed': 'The site has withdrawn: it removed the dataset.',
  'patients-excluded': 'The site has withdrawn: it left patients out of the dataset.',
  'dataset-bound-anew': 'The site has withdrawn: it means another dataset by that name now.',
  decided: 'The site has withdrawn: its administrator decided so.',
};

/** The coordinator knows already that this site has no part in the run. */
const OUT_ALREADY: ReadonlySet<ErrorCode> = new Set([
  'RUN_EVENT_NOT_ALLOWED',
  'PARTICIPATION_EVENT_NOT_ALLOWED',
  'SITE_NOT_IN_COHORT',
]);

/**
 * Tells the coordinator of each run that this site has left, keeps the receipt, and drops what it holds of it. Before any other
 * call: nothing else is asked or done until it is told.
 *
 * Errors   what the coordinator answers; STOPPED.
 */
export async function tellWithdrawals(
  workshop: Parameters<typeof forgetRun>[0] & Pick<Workshop, 'link' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const { state, link, logger } = workshop;
  for (const { runId, withdrawnBecause = 'decided' } of state.invitations.untoldWithdrawals()) {
    const reason = { code: 'SITE_WITHDREW', sentence: SENTENCES[withdrawnBecause] };
    try {
      const answer = await link.call((client, options) => client.leaveRun({ runId, reason }, options), signal);
      state.outbox.keepReceipt('withdrawal', runId, receiptFromWire(answer.receipt));
    } catch (error) {
      if (!OUT_ALREADY.has(errorCode(error))) throw error;
    }
    await forgetRun(workshop, runId);
    // Also of a version that the site goes on having: what no other run under way needs can be made again.
    await workshop.tensors.prune(state.invitations.boundVersions());
    state.invitations.markWithdrawalTold(runId);
    logger.info({ runId, because: withdrawnBecause }, 'this site has left the run');
  }
}

/** Another process, the command line, may withdraw this site at any moment. Answers what ends the watch. */
export function watchWithdrawals(
  invitations: Pick<InvitationBook, 'untoldWithdrawals'>,
  onWithdrawn: (runId: string) => void,
): () => void {
  const timer = setInterval(() => {
    for (const { runId } of invitations.untoldWithdrawals()) onWithdrawn(runId);
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** The last look before something of a run is sent. Errors  SITE_WITHDREW. */
export function requireStillIn({ invitations }: Pick<Workshop['state'], 'invitations'>, runId: string): void {
  if (invitations.find(runId)?.withdrawnBecause) throw new ConsiliumError('SITE_WITHDREW', { runId });
}
