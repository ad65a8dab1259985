import { isLimited, type Weighing } from '@consilium/aggregation';
import { ConsiliumError, ERRORS } from '@consilium/errors';
import { Inject, Injectable } from '@nestjs/common';
import { type Act, AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { ModelRegistry } from '../models/model-registry.js';
import { Database, type Transaction } from '../platform/database.js';
import { type LoadedRun, liveRound, type RoundRow, RunRepository } from '../runs/run.repository.js';
import { AggregateRound, type Candidate, type RoundToAggregate } from './aggregate-round.js';
import { RoundTransitions } from './round-transitions.js';

/** Gives a round its candidate. Outside of any transaction, because it takes long; what it stores counts only if the round still waits for it. */
@Injectable()
export class MakeCandidate {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly aggregation: AggregateRound,
    private readonly registry: ModelRegistry,
    private readonly transitions: RoundTransitions,
    private readonly audit: AuditLog,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /** A round whose updates cannot be aggregated is aborted. Errors  those that may pass: unavailable, exhausted, STOPPED. */
  async make(task: RoundToAggregate, signal: AbortSignal): Promise<void> {
    try {
      await this.store.keeping(async () => {
        const candidates = await this.aggregation.candidates(task, signal);
        await this.database.transaction((transaction) => this.record(transaction, task, candidates));
      });
    } catch (error) {
      if (!(error instanceof ConsiliumError) || isPassing(error)) throw error;
      const failure = { code: error.code, sentence: ERRORS[error.code].say };
      await this.database.transaction(async (transaction) => {
        const loaded = await this.runs.lock(transaction, task.runId);
        const round = awaited(loaded, task);
        if (round !== null) await this.transitions.abort(transaction, loaded, round, failure);
      });
    }
  }

  private async record(
    transaction: Transaction,
    task: RoundToAggregate,
    candidates: readonly Candidate[],
  ): Promise<void> {
    const { runId, round: number, plan } = task;
    const round = awaited(await this.runs.lock(transaction, runId), task);
    if (round === null) return;
    let candidateDigest: string | null = null;
    for (const { siteId, manifest } of candidates) {
      const origin = siteId === null ? 'global' : 'local';
      const provenance = { runId, round: number, siteId, origin } as const;
      const digest = await this.registry.store(transaction, manifest, plan.layout, provenance);
      if (siteId === null) candidateDigest = digest;
    }
    await transaction.round.update({
      where: { runId_number: { runId, number }, version: round.version },
      data: { candidateDigest, candidateIsFinite: candidates.every((c) => c.isFinite), version: round.version + 1 },
    });
    await this.audit.append(
      transaction,
      candidates.flatMap(({ weighings }) => limitedUpdates(task, weighings)),
    );
  }
}

/** What the log says of the sites that would have moved the model further than the plan lets one site. */
function limitedUpdates({ runId, round }: RoundToAggregate, weighings: readonly Weighing[]): Act[] {
  return weighings.filter(isLimited).map(({ siteId: site, exampleShare, share, deltaNorm, clippedNorm }) => ({
    type: 'update.limited',
    subject: subject('round', `${runId}/${round}`),
    ...{ runId, round },
    // The log takes no floats: the shortest text that reads back as the same number.
    payload: {
      ...{ site, exampleShare: String(exampleShare), share: String(share) },
      ...{ deltaNorm: String(deltaNorm), clippedNorm: String(clippedNorm) },
    },
  }));
}

/** The round of a task, if it still waits for its candidate: a replica or a person may have been faster. */
function awaited(loaded: LoadedRun, task: RoundToAggregate): RoundRow | null {
  const round = liveRound(loaded);
  const isAwaited = round?.number === task.round && round.state === 'aggregating' && round.candidateIsFinite === null;
  return isAwaited ? round : null;
}

/** Not the round's fault: it is tried again. */
function isPassing(error: ConsiliumError): boolean {
  return error.kind === 'unavailable' || error.kind === 'exhausted' || error.code === 'STOPPED';
}
