import { ConsiliumError } from '@consilium/errors';
import {
  advanceParticipation,
  advanceRound,
  type RoundEvent,
  selectCohort,
  sentenceOfReason,
  type Transition,
} from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { type Act, AuditLog, subject } from '../audit/audit-log.js';
import { askEvaluations, type EvaluationRequest } from '../evaluations/ask-evaluation.js';
import { fixScoreEdges } from '../evaluations/fix-score-edges.js';
import type { Prisma } from '../generated/prisma/client.js';
import { ModelRegistry, type VersionRow, versionRow } from '../models/model-registry.js';
import type { Transaction } from '../platform/database.js';
import { bySite, type LoadedRun, type RoundRow } from '../runs/run.repository.js';

/** Why a round ended badly. */
export interface RoundFailure {
  readonly code: string;
  readonly sentence: string;
}

type Changes = Omit<Prisma.RoundUpdateManyMutationInput, 'state' | 'version'>;

/**
 * The effects of a round's steps. Each is one row of the machine: what changes with the state, and what the audit log says.
 * All of it is saved in the caller's transaction, which has locked the run.
 */
@Injectable()
export class RoundTransitions {
  constructor(
    private readonly audit: AuditLog,
    private readonly registry: ModelRegistry,
  ) {}

  /** Carries out the step that `decide` found due. Errors  ROUND_EVENT_NOT_ALLOWED. */
  async apply(
    transaction: Transaction,
    loaded: LoadedRun,
    round: RoundRow,
    step: Transition<RoundEvent>,
  ): Promise<void> {
    switch (step.event) {
      case 'recruit':
        return this.save(transaction, round, 'recruit', {}, [act('round.recruit', round, {})]);
      case 'fixCohort':
        return this.fixCohort(transaction, loaded, round);
      case 'closeSubmissions':
        return this.closeSubmissions(transaction, loaded, round, step.missing);
      case 'proposeCandidate':
        return this.proposeCandidate(transaction, loaded, round);
      case 'accept':
        return this.accept(transaction, loaded, round, step.missing);
      case 'reject':
      case 'abort': {
        const failure = step.reason && { code: step.reason.code, sentence: sentenceOfReason(step.reason) };
        if (failure === undefined) throw new ConsiliumError('INTERNAL', { event: step.event });
        return this.abort(transaction, loaded, round, failure, { event: step.event, missing: step.missing });
      }
    }
  }

  /** Ends a round without a new model; the run goes on from the same one with another round. */
  async abort(
    transaction: Transaction,
    loaded: Pick<LoadedRun, 'now' | 'participations'>,
    round: RoundRow,
    failure: RoundFailure,
    how: { event: 'reject' | 'abort'; missing: readonly string[] } = { event: 'abort', missing: [] },
  ): Promise<void> {
    const acts = await this.markMissing(transaction, loaded, round, how.missing);
    await expireEvaluations(transaction, round);
    const { code: abortedCode, sentence: abortedReason } = failure;
    await this.save(
      transaction,
      round,
      how.event,
      { abortedCode, abortedReason, deadlineAt: null, closedAt: loaded.now },
      [
        ...acts,
        act(how.event === 'reject' ? 'round.reject' : 'round.abort', round, {
          code: abortedCode,
          reason: abortedReason,
        }),
      ],
    );
  }

  private async fixCohort(transaction: Transaction, loaded: LoadedRun, round: RoundRow): Promise<void> {
    const { rounds } = loaded.plan.plan;
    const accepted = loaded.participants.filter((p) => p.state === 'accepted').map((p) => p.siteId);
    const cohort = selectCohort(accepted, { cohortSize: null, quorum: rounds.quorum });
    const bases = await this.basesOfSites(transaction, loaded);
    await transaction.participation.createMany({
      data: cohort.map((siteId) => ({
        ...keyOf(round),
        siteId,
        state: 'accepted' as const,
        baseModelDigest: bases.get(siteId)?.digest ?? round.baseModelDigest,
        baseRound: bases.get(siteId)?.round ?? round.baseRound,
      })),
    });
    await this.save(transaction, round, 'fixCohort', { deadlineAt: later(loaded.now, rounds.deadlineSeconds) }, [
      act('round.cohort', round, { sites: cohort }),
    ]);
  }

  private async closeSubmissions(
    transaction: Transaction,
    loaded: LoadedRun,
    round: RoundRow,
    missing: readonly string[],
  ) {
    const acts = await this.markMissing(transaction, loaded, round, missing);
    const { runId, number } = round;
    const updates = bySite(await transaction.siteUpdate.findMany({ where: { runId, round: number } }));
    const counted = updates.map(({ siteId: site, updateId, manifestDigest }) => ({ site, updateId, manifestDigest }));
    await this.save(transaction, round, 'closeSubmissions', { deadlineAt: null }, [
      ...acts,
      act('round.submissions.closed', round, { updates: counted }),
    ]);
  }

  private async proposeCandidate(transaction: Transaction, loaded: LoadedRun, round: RoundRow): Promise<void> {
    const models = await this.modelsOf(transaction, round);
    // Who has left after its update was booked is asked for nothing more.
    const left = new Set(loaded.participants.filter((p) => p.state === 'left').map((p) => p.siteId));
    const delivered = loaded.participations
      .filter((p) => p.state === 'submitted' && !left.has(p.siteId))
      .map((p) => p.siteId);
    const versions = new Map(loaded.participants.map((p) => [p.siteId, p.datasetVersion ?? '']));
    // Under a per-site strategy each site judges its own model, and otherwise all judge the one of all.
    const asked = delivered.flatMap((siteId) =>
      models
        .filter((model) => model.siteId === null || model.siteId === siteId)
        .map((model) => ({ siteId, modelDigest: model.digest, datasetVersion: versions.get(siteId) ?? '' })),
    );
    const acts = round.candidateIsFinite === true ? await this.ask(transaction, loaded, round, models, asked) : [];
    const deadlineAt = later(loaded.now, loaded.plan.plan.rounds.answerSeconds);
    await this.save(transaction, round, 'proposeCandidate', { deadlineAt }, [
      act('candidate.proposed', round, { models: models.map(({ siteId: site, digest }) => ({ site, digest })) }),
      ...acts,
    ]);
  }

  /** The bins of scores follow what the last closed round has counted: one cut for all models of this one. */
  private async ask(
    transaction: Transaction,
    { rounds, plan }: LoadedRun,
    { runId, number }: RoundRow,
    models: readonly VersionRow[],
    asked: readonly Pick<EvaluationRequest, 'siteId' | 'modelDigest' | 'datasetVersion'>[],
  ): Promise<Act[]> {
    const about = { runId, split: 'validation' } as const;
    const last = rounds.findLast((round) => round.state === 'closed')?.number ?? 0;
    const follows = { round: last, modelDigest: null };
    const toEvaluate = models.map(({ digest }) => ({ modelDigest: digest, follows }));
    const edges = await fixScoreEdges(transaction, plan.plan, about, toEvaluate);
    const requests = asked.map((request) => ({
      ...{ ...about, ...request, round: number },
      scoreEdgesDigest: edges.get(request.modelDigest) ?? null,
    }));
    return askEvaluations(transaction, requests);
  }

  private async accept(transaction: Transaction, loaded: LoadedRun, round: RoundRow, missing: readonly string[]) {
    await expireEvaluations(transaction, round);
    const models = await this.modelsOf(transaction, round);
    await this.save(transaction, round, 'accept', { deadlineAt: null, closedAt: loaded.now }, [
      ...models.map(({ siteId, origin, digest }) => ({
        ...act('model.register', round, { origin, site: siteId }),
        subject: subject('model', digest),
      })),
      act('round.close', round, { modelDigest: round.candidateDigest, unevaluated: missing }),
    ]);
  }

  private async markMissing(
    transaction: Transaction,
    loaded: Pick<LoadedRun, 'now' | 'participations'>,
    round: RoundRow,
    missing: readonly string[],
  ) {
    const { runId, number } = round;
    // The machine refuses to miss a site that has delivered.
    for (const { state } of loaded.participations.filter((p) => missing.includes(p.siteId)))
      advanceParticipation(state, 'miss');
    await transaction.participation.updateMany({
      where: { runId, round: number, siteId: { in: [...missing] } },
      data: { state: 'missing', updatedAt: loaded.now },
    });
    return missing.map((site) => act('update.missed', round, { site }));
  }

  /** The models that a round has made, in site-id order. */
  private async modelsOf(transaction: Transaction, { runId, number }: RoundRow) {
    return bySite(await transaction.modelVersion.findMany({ where: { runId, round: number } })).map(versionRow);
  }

  /** Where sites go on from that do not begin with the round's own model. */
  private async basesOfSites(transaction: Transaction, { run, rounds, plan }: LoadedRun) {
    if (plan.strategy.scope === 'all-sites') return new Map<string, { digest: string; round: number }>();
    const closed = rounds.filter((r) => r.state === 'closed').map((r) => r.number);
    const last = await this.registry.lastOfSites(transaction, run.id, closed);
    return new Map(last.map(({ siteId, digest, round }) => [siteId ?? '', { digest, round }]));
  }

  private async save(
    transaction: Transaction,
    round: RoundRow,
    event: RoundEvent,
    changes: Changes,
    acts: readonly Act[],
  ) {
    const { runId, number, version } = round;
    const { count } = await transaction.round.updateMany({
      where: { runId, number, version },
      data: { ...changes, state: advanceRound(round.state, event), version: version + 1 },
    });
    if (count !== 1) throw new ConsiliumError('ROUND_EVENT_NOT_ALLOWED', { event, version });
    await this.audit.append(transaction, acts);
  }
}

function act(type: Act['type'], { runId, number }: RoundRow, payload: Act['payload']): Act {
  return { type, subject: subject('round', `${runId}/${number}`), runId, round: number, payload };
}

/** Nobody waits for them any more. */
async function expireEvaluations(transaction: Transaction, { runId, number }: RoundRow): Promise<void> {
  await transaction.evaluation.updateMany({
    where: { runId, round: number, state: 'asked' },
    data: { state: 'missing' },
  });
}

function keyOf({ runId, number }: RoundRow) {
  return { runId, round: number };
}

export function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
