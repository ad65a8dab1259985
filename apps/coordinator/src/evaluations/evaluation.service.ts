import { ConsiliumError, isErrorCode } from '@consilium/errors';
import { advanceParticipation } from '@consilium/rounds';
import { sha256Hex } from '@consilium/tensors';
import { requireValidStatistics, type Statistics, statisticsShape } from '@consilium/validation';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import type { Evaluation as EvaluationRow, Split } from '../generated/prisma/client.js';
import { PlanRegister } from '../plans/plan-register.js';
import { canonicalText } from '../platform/canonical-text.js';
import { Database, type Transaction } from '../platform/database.js';
import { RunDriver } from '../rounds/run-driver.js';
import type { Receipt } from '../rounds/update.service.js';

/** What a site sends for an evaluation that it was asked for. */
export interface SubmittedEvaluation {
  readonly evaluationId: string;
  readonly siteId: string;
  readonly modelDigest: string;
  readonly datasetVersion: string;
  readonly split: Split;
  /** Of the bins that scores were counted in; null for a segmentation. */
  readonly scoreEdgesDigest: string | null;
  readonly result:
    | { readonly kind: 'statistics'; readonly statistics: unknown }
    | { readonly kind: 'failure'; readonly code: string };
}

@Injectable()
export class EvaluationService {
  constructor(
    private readonly database: Database,
    private readonly plans: PlanRegister,
    private readonly audit: AuditLog,
    private readonly driver: RunDriver,
  ) {}

  /**
   * Books the statistics of an evaluation, or that the site cannot give them. The same result again gets the same receipt.
   *
   * Errors   EVALUATION_NOT_FOUND for one that this site was not asked for; EVALUATION_INVALID when it is of another model, data,
   *          split or score edges than asked, is of more examples than the site had told of when it accepted, or its numbers contradict each
   *          other; EVALUATION_CONFLICT; EVALUATION_LATE.
   */
  async submit(submitted: SubmittedEvaluation): Promise<Receipt> {
    const row = await this.database.client.evaluation.findUnique({
      where: { id: submitted.evaluationId },
      include: { run: { select: { planHash: true } } },
    });
    if (row === null || row.siteId !== submitted.siteId)
      throw new ConsiliumError('EVALUATION_NOT_FOUND', { siteId: submitted.siteId });
    requireAsAsked(submitted, row);
    const { plan } = await this.plans.plan(row.run.planHash);
    const { result } = submitted;
    const outcome: Outcome =
      result.kind === 'statistics'
        ? {
            state: 'received',
            statistics: requireValidStatistics(result.statistics, statisticsShape(plan), await this.declared(row)),
            failureCode: null,
          }
        : { state: 'failed', statistics: null, failureCode: isErrorCode(result.code) ? result.code : 'INTERNAL' };
    const receipt = await this.database.transaction((transaction) => this.book(transaction, row, outcome));
    this.driver.wake(row.runId);
    return receipt;
  }

  /** How many examples the site has for what it was asked to evaluate, as it told when it accepted. */
  private async declared({ runId, siteId, split }: EvaluationRow): Promise<number> {
    const where = { runId_siteId: { runId, siteId } };
    const told = await this.database.client.participant.findUniqueOrThrow({ where });
    const counts = { train: Number(told.exampleCount ?? 0), validation: told.validationCount, test: told.testCount };
    return counts[split] ?? 0;
  }

  private async book(transaction: Transaction, { id, runId }: EvaluationRow, outcome: Outcome): Promise<Receipt> {
    await transaction.$queryRaw`SELECT id FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
    const row = await transaction.evaluation.findUniqueOrThrow({ where: { id } });
    if (row.state === 'missing') throw new ConsiliumError('EVALUATION_LATE', { siteId: row.siteId });
    if (row.state !== 'asked') return receiptOfSame(row, outcome);
    const { siteId, round, modelDigest, split, scoreEdgesDigest } = row;
    const [place] = await this.audit.append(transaction, [
      {
        type: outcome.state === 'received' ? 'evaluation.received' : 'evaluation.refused',
        actor: { kind: 'site', id: siteId },
        subject: subject('evaluation', id),
        ...{ runId, round },
        payload:
          outcome.statistics === null
            ? { site: siteId, modelDigest, split, code: outcome.failureCode }
            : {
                ...{ site: siteId, modelDigest, split, statisticsDigest: digestOf(outcome.statistics) },
                ...(scoreEdgesDigest === null ? {} : { scoreEdgesDigest }),
              },
      },
    ]);
    const booked = await transaction.evaluation.update({
      where: { id },
      data: {
        state: outcome.state,
        failureCode: outcome.failureCode,
        ...(outcome.statistics === null ? {} : { statistics: JSON.parse(JSON.stringify(outcome.statistics)) }),
        auditSeq: place!.seq,
        auditLeafHash: place!.leafHash,
        receivedAt: new Date(),
      },
    });
    if (round > 0 && outcome.state === 'received') await markEvaluated(transaction, booked);
    return receiptOf(booked);
  }
}

type Outcome =
  | { readonly state: 'received'; readonly statistics: Statistics; readonly failureCode: null }
  | { readonly state: 'failed'; readonly statistics: null; readonly failureCode: string };

function requireAsAsked(submitted: SubmittedEvaluation, row: EvaluationRow): void {
  const { modelDigest, datasetVersion, split } = submitted;
  if (modelDigest !== row.modelDigest || datasetVersion !== row.datasetVersion || split !== row.split)
    throw new ConsiliumError('EVALUATION_INVALID', { reason: 'not what was asked' });
  if (submitted.result.kind === 'statistics' && submitted.scoreEdgesDigest !== row.scoreEdgesDigest)
    throw new ConsiliumError('EVALUATION_INVALID', { reason: 'scores were counted in other bins than asked' });
}

/** Errors  EVALUATION_CONFLICT when what is booked is something else. */
function receiptOfSame(row: EvaluationRow, outcome: Outcome): Receipt {
  const isSame =
    row.state === outcome.state &&
    row.failureCode === outcome.failureCode &&
    (outcome.statistics === null || digestOf(row.statistics as unknown as Statistics) === digestOf(outcome.statistics));
  if (!isSame) throw new ConsiliumError('EVALUATION_CONFLICT', { siteId: row.siteId });
  return receiptOf(row);
}

function receiptOf({ id, auditSeq, auditLeafHash }: EvaluationRow): Receipt {
  if (auditSeq === null || auditLeafHash === null) throw new ConsiliumError('INTERNAL', { evaluation: id });
  return { id, auditIndex: auditSeq, auditLeafHash };
}

async function markEvaluated(transaction: Transaction, { runId, round, siteId }: EvaluationRow): Promise<void> {
  const where = { runId_round_siteId: { runId, round, siteId } };
  const participation = await transaction.participation.findUnique({ where });
  if (participation?.state !== 'submitted') return;
  await transaction.participation.update({
    where,
    data: { state: advanceParticipation(participation.state, 'evaluate') },
  });
}

function digestOf(statistics: Statistics): string {
  return sha256Hex(canonicalText(statistics));
}
