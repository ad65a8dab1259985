import { ConsiliumError } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import { advanceParticipation } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { Database, type Transaction } from '../platform/database.js';
import { RunDriver } from '../rounds/run-driver.js';
import type { DatasetDescription } from '../sites/site.service.js';
import { datasetsIn } from '../sites/site-row.js';
import { RunRepository } from './run.repository.js';

/** What a site says to an invitation. */
export type Answer =
  | { readonly kind: 'accept'; readonly datasetVersion: string; readonly exampleCount: bigint }
  | { readonly kind: 'decline'; readonly code: string; readonly sentence: string };

@Injectable()
export class InvitationService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly audit: AuditLog,
    private readonly driver: RunDriver,
  ) {}

  /**
   * Books a site's answer. The same answer again changes nothing.
   *
   * Errors   SITE_NOT_IN_COHORT when the site is not invited, or the plan is not the one it was sent; RUN_EVENT_NOT_ALLOWED when
   *          the invitation is over or another answer was given; REQUEST_INVALID for fewer examples than the plan asks;
   *          DATASET_COUNT_MISMATCH for a dataset, or more examples of it, than the site has told of.
   */
  async answer(siteId: string, runId: string, planHash: string, answer: Answer): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const { run, participants, now, plan } = await this.runs.lock(transaction, runId).catch(asUninvited);
      const participant = participants.find((p) => p.siteId === siteId);
      if (participant === undefined || run.planHash !== planHash)
        throw new ConsiliumError('SITE_NOT_IN_COHORT', { siteId });
      const said = changesOf(answer);
      if (participant.state === said.state && participant.datasetVersion === said.datasetVersion) return;
      if (run.state !== 'inviting' || participant.state !== 'invited')
        throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { run: run.state, participant: participant.state });
      const declared =
        answer.kind === 'accept'
          ? requireDeclared(await this.datasetsOf(transaction, siteId), plan.plan, answer)
          : undefined;
      advanceParticipation(participant.state, answer.kind);
      await transaction.participant.update({
        where: { runId_siteId: { runId, siteId } },
        data: {
          ...said,
          ...(declared && { validationCount: declared.validation, testCount: declared.test }),
          answeredAt: now,
        },
      });
      await this.audit.append(transaction, [
        {
          type: answer.kind === 'accept' ? 'invitation.accept' : 'invitation.decline',
          actor: { kind: 'site', id: siteId },
          subject: subject('run', runId),
          runId,
          payload:
            answer.kind === 'accept'
              ? { planHash, datasetVersion: answer.datasetVersion, exampleCount: Number(answer.exampleCount) }
              : { planHash, code: answer.code },
        },
      ]);
    });
    this.driver.wake(runId);
  }

  private async datasetsOf(transaction: Transaction, siteId: string): Promise<readonly DatasetDescription[]> {
    const site = await transaction.site.findUniqueOrThrow({ where: { id: siteId }, select: { datasets: true } });
    return datasetsIn(site.datasets);
  }
}

/**
 * What a site accepts with is what its last Hello told of that dataset version: fewer, where it has no label or mask for some or
 * the plan selects, but never more. Answers what it told.
 */
function requireDeclared(
  datasets: readonly DatasetDescription[],
  plan: Plan,
  { datasetVersion, exampleCount }: Extract<Answer, { kind: 'accept' }>,
): DatasetDescription {
  if (exampleCount < BigInt(plan.data.minimumTrainingExamples))
    throw new ConsiliumError('REQUEST_INVALID', { exampleCount: Number(exampleCount) });
  const declared = datasets.find(({ name, version }) => name === plan.data.dataset && version === datasetVersion);
  if (declared === undefined || exampleCount > BigInt(declared.train))
    throw new ConsiliumError('DATASET_COUNT_MISMATCH', {
      ...{ datasetVersion, accepted: Number(exampleCount), declared: declared?.train ?? 0 },
    });
  return declared;
}

function changesOf(answer: Answer) {
  return answer.kind === 'accept'
    ? { state: 'accepted' as const, datasetVersion: answer.datasetVersion, exampleCount: answer.exampleCount }
    : {
        ...{ state: 'declined' as const, datasetVersion: null },
        declineCode: answer.code,
        declineReason: answer.sentence,
      };
}

/** A site does not learn which runs there are. */
export function asUninvited(error: unknown): never {
  if (error instanceof ConsiliumError && error.code === 'RUN_NOT_FOUND')
    throw new ConsiliumError('SITE_NOT_IN_COHORT', {}, error);
  throw error;
}
