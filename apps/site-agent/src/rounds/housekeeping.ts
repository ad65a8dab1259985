import { Order, Stage } from '@consilium/proto';
import { deleteUnusedIfIdle } from '../datasets/unused.js';
import type { Workshop } from './work-context.js';

/** Deletes weights that nothing under way names: the models in use of each run, and updates that may be sent again. */
export async function pruneWeights({ state, weights }: Pick<Workshop, 'state' | 'weights'>): Promise<void> {
  await weights.prune([...state.heldModels.manifests(), ...state.outbox.list().map(({ manifest }) => manifest)]);
}

/** Drops what this site holds of a run that has ended; the receipts stay. */
export async function forgetRun(
  workshop: Pick<Workshop, 'folder' | 'state' | 'weights' | 'datasets' | 'tensors'>,
  runId: string,
): Promise<void> {
  workshop.state.outbox.forgetRun(runId);
  workshop.state.heldModels.forgetRun(runId);
  workshop.state.invitations.markEnded(runId);
  await pruneWeights(workshop);
  await deleteUnusedIfIdle(workshop.folder, workshop.state, workshop.datasets, workshop.tensors);
}

/**
 * Asks about each run that this site takes for under way, and drops what it holds of those that are not: the end of a run is
 * told once, and the word may have been lost with a connection or with an earlier life.
 *
 * Errors   what the coordinator answers; STOPPED.
 */
export async function forgetEndedRuns(
  workshop: Parameters<typeof forgetRun>[0] & Pick<Workshop, 'link' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  for (const { runId } of workshop.state.invitations.underWay()) {
    const request = { runId, round: 0, stage: Stage.EVALUATING };
    const { order } = await workshop.link.call((client, options) => client.reportProgress(request, options), signal);
    if (order !== Order.STOP) continue;
    workshop.logger.info({ runId }, 'run has ended while nobody listened');
    await forgetRun(workshop, runId);
  }
}
