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
