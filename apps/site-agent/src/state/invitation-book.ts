import type { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
import { inTransaction } from './site-database.js';

export type Answer =
  | {
      readonly accepted: true;
      /** Name of the site's own dataset that is meant. */
      readonly dataset: string;
      readonly datasetVersion: string;
      readonly exampleCount: number;
    }
  | { readonly accepted: false; readonly refusalCode: string };

export interface AnsweredInvitation {
  readonly runId: string;
  readonly planDigest: string;
  /** RFC 8785 bytes of the resolved plan, as they were agreed to. */
  readonly plan: Uint8Array;
  /** How many sites the run was said to have. */
  readonly sites: number;
  readonly answer: Answer;
}

/** Why this site has left a run. */
export type WithdrawalCause = 'dataset-removed' | 'patients-excluded' | 'dataset-bound-anew' | 'decided';

export interface KeptInvitation extends AnsweredInvitation {
  /** Undefined while the run is under way, as far as this site knows. */
  readonly endedAt: string | undefined;
  readonly withdrawnBecause: WithdrawalCause | undefined;
  readonly isWithdrawalTold: boolean;
}

interface Row {
  run_id: string;
  plan_digest: string;
  plan: Uint8Array;
  accepted: number;
  refusal_code: string | null;
  dataset_version: string | null;
  example_count: number | null;
  ended_at: string | null;
  dataset_name: string | null;
  sites: number;
  withdrawn_because: string | null;
  withdrawal_told_at: string | null;
}

/** Every invitation this site has answered, and how. Work that names no accepted plan is refused. */
export class InvitationBook {
  constructor(private readonly database: DatabaseSync) {}

  /**
   * What was answered once stays: another plan under the same run is refused, and the same one changes nothing.
   *
   * Errors   PLAN_CONFLICT.
   */
  record({ runId, planDigest, plan, sites, answer }: AnsweredInvitation): void {
    inTransaction(this.database, () => {
      const known = this.find(runId);
      if (known && known.planDigest !== planDigest) throw planConflict();
      if (known) return;
      this.database
        .prepare(
          `INSERT INTO invitation (run_id, plan_digest, plan, accepted, refusal_code, dataset_version, example_count,
             answered_at, dataset_name, sites) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[runId, planDigest, plan, answer.accepted ? 1 : 0],
          answer.accepted ? null : answer.refusalCode,
          answer.accepted ? answer.datasetVersion : null,
          answer.accepted ? answer.exampleCount : null,
          new Date().toISOString(),
          answer.accepted ? answer.dataset : null,
          sites,
        );
    });
  }

  find(runId: string): KeptInvitation | undefined {
    const row = this.database.prepare('SELECT * FROM invitation WHERE run_id = ?').get(runId);
    return row && fromRow(row as unknown as Row);
  }

  /** All that were ever answered. */
  count(): number {
    return (this.database.prepare('SELECT count(*) AS n FROM invitation').get() as { n: number }).n;
  }

  markEnded(runId: string): void {
    this.database
      .prepare('UPDATE invitation SET ended_at = coalesce(ended_at, ?) WHERE run_id = ?')
      .run(new Date().toISOString(), runId);
  }

  /** From this instant on nothing is done for the run; the coordinator is told as soon as it can be reached. */
  withdraw(runId: string, because: WithdrawalCause): void {
    this.database
      .prepare(
        `UPDATE invitation SET withdrawn_at = ?1, withdrawn_because = ?2, ended_at = coalesce(ended_at, ?1)
         WHERE run_id = ?3 AND withdrawn_at IS NULL`,
      )
      .run(new Date().toISOString(), because, runId);
  }

  markWithdrawalTold(runId: string): void {
    this.database
      .prepare('UPDATE invitation SET withdrawal_told_at = ? WHERE run_id = ?')
      .run(new Date().toISOString(), runId);
  }

  /** Runs that this site has left and whose coordinator has not confirmed it. */
  untoldWithdrawals(): KeptInvitation[] {
    return this.where('withdrawn_at IS NOT NULL AND withdrawal_told_at IS NULL');
  }

  /** Runs that this site has accepted and whose end it has not heard of. */
  underWay(): KeptInvitation[] {
    return this.where('accepted = 1 AND ended_at IS NULL');
  }

  /** Dataset versions that a run under way is bound to: they may not be deleted. */
  boundVersions(): Set<string> {
    return new Set(this.underWay().flatMap(({ answer }) => (answer.accepted ? [answer.datasetVersion] : [])));
  }

  private where(condition: string): KeptInvitation[] {
    const rows = this.database
      .prepare(`SELECT * FROM invitation WHERE ${condition} ORDER BY answered_at, run_id`)
      .all();
    return (rows as unknown as Row[]).map(fromRow);
  }
}

export function planConflict(): ConsiliumError {
  return new ConsiliumError('PLAN_CONFLICT', { problem: 'another plan under a run that was answered' });
}

function fromRow(row: Row): KeptInvitation {
  return {
    ...{ runId: row.run_id, planDigest: row.plan_digest, plan: row.plan, sites: row.sites },
    endedAt: row.ended_at ?? undefined,
    withdrawnBecause: (row.withdrawn_because as WithdrawalCause | null) ?? undefined,
    isWithdrawalTold: row.withdrawal_told_at !== null,
    answer: row.accepted
      ? {
          accepted: true,
          dataset: row.dataset_name ?? '',
          datasetVersion: row.dataset_version!,
          exampleCount: row.example_count!,
        }
      : { accepted: false, refusalCode: row.refusal_code! },
  };
}
