import { ConsiliumError } from '@consilium/errors';
import { buildModel, modelPorts } from '@consilium/models';
import { type Manifest, manifestDigest, manifestOf, sha256Hex } from '@consilium/tensors';
import canonicalize from 'canonicalize';
import { throwIfStopped } from '../platform/stopping.js';
import type { Assignment, LocalDelta, ProtectedUpdate } from '../stages.js';
import type { Work } from './work-context.js';

/**
 * The last look at a delta before it may leave: the plan's layout, finite, and no longer than the plan allows. Then its
 * chunks are written, and after them its row in the outbox, in one transaction; only then can anything of it be sent.
 *
 * Numbers  norm in float64.
 * Errors   UPDATE_LAYOUT_MISMATCH, UPDATE_NOT_FINITE, UPDATE_TOO_LARGE, DISK_FULL.
 */
export function protectWith(work: Pick<Work, 'siteId' | 'weights' | 'state'>) {
  return async (delta: LocalDelta, a: Assignment, signal: AbortSignal): Promise<ProtectedUpdate> => {
    const manifest = manifestOf(buildModel(a.plan.model, modelPorts(a.plan)).layout, delta.values);
    const deltaNorm = requireHarmless(delta, a.plan.protection.maximumDeltaNorm);
    throwIfStopped(signal);
    await work.weights.save(delta.values);
    const update = {
      updateId: updateIdOf(a.runId, a.round, work.siteId, manifest),
      runId: a.runId,
      round: a.round,
      manifest,
      exampleCount: delta.exampleCount,
      localSteps: delta.localSteps,
      baseModelDigest: a.modelDigest,
      baseRound: a.baseRound,
      trainingLoss: delta.trainingLoss,
      deltaNorm,
    };
    work.state.outbox.book(update);
    return update as ProtectedUpdate;
  };
}

/** Answers the norm. */
function requireHarmless(delta: LocalDelta, maximumDeltaNorm = Number.POSITIVE_INFINITY): number {
  let squares = 0;
  for (const value of delta.values) squares += value * value;
  // A NaN or an infinity anywhere makes the sum one; float64 holds any sum of squares of finite float32 values.
  if (!Number.isFinite(squares) || !Number.isFinite(delta.trainingLoss)) throw new ConsiliumError('UPDATE_NOT_FINITE');
  const norm = Math.sqrt(squares);
  if (norm > maximumDeltaNorm) throw new ConsiliumError('UPDATE_TOO_LARGE', { norm, maximumDeltaNorm });
  return norm;
}

/** The same update has the same id, however often it is made: that is what makes a repeat harmless. */
export function updateIdOf(runId: string, round: number, siteId: string, manifest: Manifest): string {
  return sha256Hex(canonicalize({ runId, round, siteId, manifestDigest: manifestDigest(manifest) }) as string);
}
