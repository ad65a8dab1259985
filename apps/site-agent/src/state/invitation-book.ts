import type { DatabaseSync } from 'node:sqlite';

export type Answer =
  | { readonly accepted: true; readonly datasetVersion: string; readonly exampleCount: number }
  | { readonly accepted: false; readonly refusalCode: string };

export interface AnsweredInvitation {
  readonly runId: string;
  readonly planDigest: string;
  /** RFC 8785 bytes of the resolved plan, as they were agreed to. */
  readonly plan: Uint8Array;
  readonly answer: Answer;
}

interface Row {
  run_id: string;
  plan_digest: string;
  plan: Uint8Array;
  accepted: number;
  refusal_code: string | null;
  dataset_version: string | null;
  example_count: number | null;
}

/** Every invitation this site has answered, and how. Work that names no accepted plan is refused. */
export class InvitationBook {
  constructor(private readonly database: DatabaseSync) {}

  record(invitation: AnsweredInvitation): void {
    const { runId, planDigest, plan, answer } = invitation;
    this.database
      .prepare('INSERT OR REPLACE INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)')
      .run(
        runId,
        planDigest,
        plan,
        answer.accepted ? 1 : 0,
        answer.accepted ? null : answer.refusalCode,
        answer.accepted ? answer.datasetVersion : null,
        answer.accepted ? answer.exampleCount : null,
        new Date().toISOString(),
      );
  }

  find(runId: string): AnsweredInvitation | undefined {
    const row = this.database.prepare('SELECT * FROM invitation WHERE run_id = ?').get(runId) as Row | undefined;
    return row && fromRow(row);
  }

  markEnded(runId: string): void {
    this.database.prepare('UPDATE invitation SET ended_at = ? WHERE run_id = ?').run(new Date().toISOString(), runId);
  }

  /** Runs that this site has accepted and whose end it has not heard of. */
  underWay(): string[] {
    const rows = this.database
      .prepare('SELECT run_id AS id FROM invitation WHERE accepted = 1 AND ended_at IS NULL ORDER BY answered_at')
      .all() as unknown as { id: string }[];
    return rows.map((row) => row.id);
  }

  /** Dataset versions that a run under way is bound to: they may not be deleted. */
  boundVersions(): Set<string> {
    const rows = this.database
      .prepare('SELECT DISTINCT dataset_version AS version FROM invitation WHERE accepted = 1 AND ended_at IS NULL')
      .all() as unknown as { version: string }[];
    return new Set(rows.map((row) => row.version));
  }
}

function fromRow(row: Row): AnsweredInvitation {
  return {
    runId: row.run_id,
    planDigest: row.plan_digest,
    plan: row.plan,
    answer: row.accepted
      ? { accepted: true, datasetVersion: row.dataset_version!, exampleCount: row.example_count! }
      : { accepted: false, refusalCode: row.refusal_code! },
  };
}
