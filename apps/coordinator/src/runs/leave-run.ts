import { ConsiliumError, ERRORS, isErrorCode } from '@consilium/errors';
import { advanceParticipation, isAtWork, isRunOver } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { UploadArea } from '../chunks/upload-area.js';
import type { Participant as ParticipantRow } from '../generated/prisma/client.js';
import { Database, type Transaction } from '../platform/database.js';
import { RunDriver } from '../rounds/run-driver.js';
import type { Receipt } from '../rounds/update.service.js';
import { asUninvited } from './invitation.service.js';
import { type LoadedRun, liveRound, RunRepository } from './run.repository.js';

/** Why a site leaves: a code of packages/errors, and a sentence for persons. */
export interface LeaveReason {
  readonly code: string;
  readonly sentence: string;
}

@Injectable()
export class LeaveRun {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly audit: AuditLog,
    private readonly driver: RunDriver,
    private readonly uploads: UploadArea,
  ) {}

  /**
   * A site takes no part in a run any more, and cannot come back to it. Its work under way counts for nothing: what it has uploaded is
   * dropped, and the streams that bring more end. Nobody waits for its evaluations; an update that was booked before stays in its
   * round. The same word again gets the same receipt.
   *
   * Errors   SITE_NOT_IN_COHORT; RUN_EVENT_NOT_ALLOWED when the run is over; PARTICIPATION_EVENT_NOT_ALLOWED for a site that has
   *          declined or not answered.
   */
  async leave(siteId: string, runId: string, reason: LeaveReason): Promise<Receipt> {
    let round: number | undefined;
    const receipt = await this.database.transaction(async (transaction) => {
      const loaded = await this.runs.lock(transaction, runId).catch(asUninvited);
      const participant = loaded.participants.find((p) => p.siteId === siteId);
      if (participant === undefined) throw new ConsiliumError('SITE_NOT_IN_COHORT', { siteId });
      if (participant.state === 'left') return receiptOf(participant);
      if (isRunOver(loaded.run.state)) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { state: loaded.run.state });
      round = liveRound(loaded)?.number;
      return this.book(transaction, loaded, participant, reason);
    });
    if (round !== undefined) await this.uploads.drop({ runId, round, siteId });
    this.driver.wake(runId);
    return receipt;
  }

  private async book(
    transaction: Transaction,
    loaded: LoadedRun,
    { siteId, state }: ParticipantRow,
    reason: LeaveReason,
  ): Promise<Receipt> {
    const { run, now } = loaded;
    const code = isErrorCode(reason.code) ? reason.code : 'INTERNAL';
    const participant = await transaction.participant.update({
      where: { runId_siteId: { runId: run.id, siteId } },
      data: {
        ...{ state: advanceParticipation(state, 'withdraw'), leftAt: now },
        ...{ declineCode: code, declineReason: reason.sentence || ERRORS[code].say },
      },
    });
    const round = liveRound(loaded);
    const participation = loaded.participations.find((p) => p.siteId === siteId);
    if (round !== null && participation !== undefined && isAtWork(participation.state))
      await transaction.participation.update({
        where: { runId_round_siteId: { runId: run.id, round: round.number, siteId } },
        data: { state: advanceParticipation(participation.state, 'withdraw'), refusalCode: code, updatedAt: now },
      });
    await transaction.evaluation.updateMany({
      where: { runId: run.id, siteId, state: 'asked' },
      data: { state: 'missing' },
    });
    const [place] = await this.audit.append(transaction, [
      {
        type: 'participant.leave',
        actor: { kind: 'site', id: siteId },
        subject: subject('run', run.id),
        runId: run.id,
        payload: { site: siteId, code, round: round?.number ?? null },
      },
    ]);
    const left = { leftAuditSeq: place!.seq, leftAuditLeafHash: place!.leafHash };
    await transaction.participant.update({ where: { runId_siteId: { runId: run.id, siteId } }, data: left });
    return receiptOf({ ...participant, ...left });
  }
}

function receiptOf({ runId, leftAuditSeq, leftAuditLeafHash }: ParticipantRow): Receipt {
  if (leftAuditSeq === null || leftAuditLeafHash === null) throw new ConsiliumError('INTERNAL', { left: runId });
  return { id: runId, auditIndex: leftAuditSeq, auditLeafHash: leftAuditLeafHash };
}
