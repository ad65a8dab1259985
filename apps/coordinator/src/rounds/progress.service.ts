import type { ErrorCode } from '@consilium/errors';
import { isErrorCode } from '@consilium/errors';
import { advanceParticipation, isAtWork, isRunOver, type ParticipationEvent } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { UploadArea } from '../chunks/upload-area.js';
import { Database } from '../platform/database.js';
import { RunDriver } from './run-driver.js';

export type Stage = 'fetching' | 'training' | 'sending' | 'evaluating';

/** What a site says about its work in a round. */
export interface Progress {
  readonly runId: string;
  /** 0 outside of rounds; without an evaluation, the question is about the run. */
  readonly round: number;
  readonly stage: Stage;
  /** Of which evaluation this speaks; null while training. */
  readonly evaluationId: string | null;
  readonly bytesDone: bigint;
  readonly bytesTotal: bigint;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
  /** Code with which the site gives up. */
  readonly failure: string | null;
}

export type Order = 'continue' | 'stop';

const EVENT_OF_STAGE = { fetching: 'fetch', training: 'train', sending: 'send' } as const satisfies Record<
  Exclude<Stage, 'evaluating'>,
  ParticipationEvent
>;

@Injectable()
export class ProgressService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly driver: RunDriver,
    private readonly uploads: UploadArea,
  ) {}

  /** Books what a site reports and says whether anybody still waits for it. A site that is not in the round is told to stop. */
  async report(siteId: string, progress: Progress): Promise<Order> {
    if (progress.evaluationId !== null) return this.orderOfEvaluation(siteId, progress.runId, progress.evaluationId);
    if (progress.stage === 'evaluating' || progress.round === 0) return this.orderOfRun(siteId, progress.runId);
    const { runId, round } = progress;
    const found = await this.database.client.participation.findUnique({
      where: { runId_round_siteId: { runId, round, siteId } },
      include: { roundOfRun: { include: { run: { select: { state: true } } } } },
    });
    if (found === null || found.roundOfRun.state !== 'training' || isRunOver(found.roundOfRun.run.state)) return 'stop';
    if (!isAtWork(found.state)) return 'stop';
    if (progress.failure !== null) return this.giveUp(siteId, progress, codeOf(progress.failure));
    const { stage, bytesDone, bytesTotal, epoch, epochs, step, steps, loss } = progress;
    // A report that comes late must not bring back a participation that has gone on meanwhile: hence the state in the condition.
    const { count } = await this.database.client.participation.updateMany({
      where: { runId, round, siteId, state: found.state },
      data: {
        ...{ stage, bytesDone, bytesTotal, epoch, epochs, step, steps, loss },
        state: advanceParticipation(found.state, EVENT_OF_STAGE[stage]),
        updatedAt: new Date(),
      },
    });
    return count === 1 ? 'continue' : this.report(siteId, progress);
  }

  private async giveUp(siteId: string, { runId, round }: Progress, code: ErrorCode): Promise<Order> {
    await this.database.transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT id FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
      const row = await transaction.participation.findUniqueOrThrow({
        where: { runId_round_siteId: { runId, round, siteId } },
      });
      if (!isAtWork(row.state)) return;
      await transaction.participation.update({
        where: { runId_round_siteId: { runId, round, siteId } },
        data: { state: advanceParticipation(row.state, 'refuse'), refusalCode: code },
      });
      await this.audit.append(transaction, [
        {
          type: 'update.refused',
          actor: { kind: 'site', id: siteId },
          subject: subject('round', `${runId}/${round}`),
          ...{ runId, round },
          payload: { site: siteId, code },
        },
      ]);
    });
    await this.uploads.drop({ runId, round, siteId });
    this.driver.wake(runId);
    return 'stop';
  }

  /** A site that was away asks whether a run that it has accepted is still under way. */
  private async orderOfRun(siteId: string, runId: string): Promise<Order> {
    const row = await this.database.client.participant.findUnique({
      where: { runId_siteId: { runId, siteId } },
      include: { run: { select: { state: true } } },
    });
    return row === null || row.state === 'left' || isRunOver(row.run.state) ? 'stop' : 'continue';
  }

  /** An evaluation that has expired, or whose run is over, is waited for by nobody. */
  private async orderOfEvaluation(siteId: string, runId: string, evaluationId: string): Promise<Order> {
    const row = await this.database.client.evaluation.findUnique({
      where: { id: evaluationId, siteId, runId },
      select: { state: true, run: { select: { state: true } } },
    });
    return row?.state === 'asked' && !isRunOver(row.run.state) ? 'continue' : 'stop';
  }
}

/** A code that this table does not know comes from a newer agent. */
function codeOf(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'INTERNAL';
}
