import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError, errorCode } from '@consilium/errors';
import { type Plan, planFromCanonical } from '@consilium/plan';
import { DatasetStore } from '../datasets/dataset-store.js';
import type { SiteFolder } from '../platform/site-folder.js';
import { TensorCache } from '../preprocessing/tensor-cache.js';
import { pruneWeights } from '../rounds/housekeeping.js';
import { FolderLock } from '../state/folder-lock.js';
import type { KeptInvitation, WithdrawalCause } from '../state/invitation-book.js';
import type { SiteState } from '../state/site-state.js';
import { WeightStore } from '../weights/weight-store.js';
import type { Place } from './dataset-place.js';

/** A command that takes away what runs under way were promised. */
export interface WithdrawOptions extends Place {
  /** Leaves these runs, instead of doing nothing. */
  readonly withdraw?: boolean;
}

/** A run under way, and what this site promised it. */
export interface RunUse {
  readonly runId: string;
  readonly plan: string;
  /** What the plan calls the dataset. */
  readonly logical: string;
  readonly dataset: string;
  readonly version: string;
  /** The last one that was trained here; 0 before the first. */
  readonly round: number;
}

/** Every run under way, the one that was answered first at the beginning. */
export function runsUnderWay(state: SiteState): RunUse[] {
  return state.invitations.underWay().flatMap((invitation) => {
    const { answer, runId } = invitation;
    if (!answer.accepted) return [];
    const plan = planOf(invitation);
    const about = { plan: plan?.name ?? 'unreadable', logical: plan?.data.dataset ?? answer.dataset };
    return [
      { runId, ...about, dataset: answer.dataset, version: answer.datasetVersion, round: state.work.lastRound(runId) },
    ];
  });
}

/** Those that were promised any version of this dataset. */
export function runsOf(state: SiteState, name: string): RunUse[] {
  const versions = new Set(state.datasets.history(name).map(({ version }) => version));
  return runsUnderWay(state).filter(({ dataset, version }) =>
    dataset === '' ? versions.has(version) : dataset === name,
  );
}

function planOf({ plan, planDigest }: KeptInvitation): Plan | undefined {
  try {
    return planFromCanonical(plan, planDigest);
  } catch {
    return undefined; // of a vocabulary that this agent does not know any more: the run is named all the same
  }
}

/**
 * Makes way for a change: with `--withdraw` this site leaves the runs from this instant on, with all that it holds of them, and
 * books it. Call it in the transaction that makes the change.
 *
 * Errors   DATASET_IN_USE without `--withdraw`, naming each run.
 */
export function makeWay(
  state: SiteState,
  uses: readonly RunUse[],
  because: WithdrawalCause,
  { withdraw = false }: WithdrawOptions,
): void {
  if (uses.length > 0 && !withdraw)
    throw new ConsiliumError('DATASET_IN_USE', { problem: uses.map(useText).join('; '), runs: uses.length });
  for (const { runId, plan, dataset, version, round } of uses) {
    state.invitations.withdraw(runId, because);
    state.outbox.forgetRun(runId);
    state.heldModels.forgetRun(runId);
    state.acts.add('run.withdraw', runId, { plan, dataset, version, round, because });
  }
}

/** Longest that a person waits to hear that the coordinator has confirmed. */
const LONGEST_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

export interface Told {
  readonly runId: string;
  /** Audit entry of the coordinator; null while it has not confirmed. */
  readonly auditIndex: number | null;
  readonly isTold: boolean;
}

/** Waits until a running agent has told the coordinator; without one, deletes what is left of these runs itself. */
export async function afterWithdrawal(
  folder: SiteFolder,
  state: SiteState,
  uses: readonly RunUse[],
): Promise<{ readonly told: readonly Told[]; readonly isAgentRunning: boolean }> {
  if (uses.length === 0) return { told: [], isAgentRunning: false };
  const isAgentRunning = !(await pruneWithoutAgent(folder, state));
  const told = () =>
    uses.map(({ runId }) => ({
      runId,
      auditIndex: state.outbox.receipt(runId)?.auditIndex ?? null,
      isTold: state.invitations.find(runId)?.isWithdrawalTold ?? false,
    }));
  const since = performance.now();
  while (isAgentRunning && told().some(({ isTold }) => !isTold) && performance.now() - since < LONGEST_WAIT_MS)
    await sleep(LOOK_EVERY_MS);
  return { told: told(), isAgentRunning };
}

/** False when an agent works on the folder: it prunes when it has told. */
async function pruneWithoutAgent(folder: SiteFolder, state: SiteState): Promise<boolean> {
  let lock: FolderLock;
  try {
    lock = FolderLock.take(folder.lock);
  } catch (error) {
    if (errorCode(error) === 'ALREADY_RUNNING') return false;
    throw error;
  }
  try {
    await pruneWeights({ state, weights: new WeightStore(folder.weights) });
    await new TensorCache(folder.tensors, new DatasetStore(folder.datasets)).prune(state.invitations.boundVersions());
    return true;
  } finally {
    lock.release();
  }
}

export function useText({ runId, plan, logical, dataset, version, round }: RunUse): string {
  const name = dataset === '' || dataset === logical ? logical : `${dataset} (${logical} in the plan)`;
  const place = round === 0 ? 'no round yet' : `round ${round}`;
  return `run ${runId}, plan ${plan}, ${place}: uses version ${version.slice(0, 12)} of ${name}`;
}

/** What a person reads of runs that were left. */
export function withdrawalText(
  uses: readonly RunUse[],
  { told, isAgentRunning }: Awaited<ReturnType<typeof afterWithdrawal>>,
): string[] {
  if (uses.length === 0) return [];
  return [
    ...uses.map(({ runId, plan }) => {
      const receipt = told.find((one) => one.runId === runId);
      const heard = receipt?.isTold
        ? `the coordinator has confirmed it${receipt.auditIndex === null ? '' : ` (audit entry ${receipt.auditIndex})`}`
        : isAgentRunning
          ? 'the coordinator does not answer yet: the agent tells it as soon as it can'
          : 'the agent tells the coordinator first of all when it is started';
      return `left run ${runId}, plan ${plan}: ${heard}`;
    }),
    'training for it is stopped, no update is sent, and its unsent updates, models and cached pictures are deleted',
  ];
}
