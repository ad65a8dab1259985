import type { DatabaseSync } from 'node:sqlite';
import type { ConsiliumError, ErrorCode } from '@consilium/errors';

export type Asked = 'invitation' | 'training' | 'evaluation';

export interface Refusal {
  readonly runId: string;
  readonly asked: Asked;
  readonly code: ErrorCode;
  readonly problem: string;
  readonly times: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What a coordinator has asked of this site against what was agreed, and how often. */
export class RefusalBook {
  constructor(private readonly database: DatabaseSync) {}

  add(runId: string, asked: Asked, { code, detail }: ConsiliumError): void {
    const now = new Date().toISOString();
    this.database
      .prepare(
        `INSERT INTO refusal VALUES (?, ?, ?, ?, 1, ?, ?)
         ON CONFLICT (run_id, asked, code, problem) DO UPDATE SET times = times + 1, last_at = excluded.last_at`,
      )
      .run(runId, asked, code, String(detail.problem ?? ''), now, now);
  }

  /** The newest first. */
  list(most: number): Refusal[] {
    const rows = this.database.prepare('SELECT * FROM refusal ORDER BY last_at DESC, run_id LIMIT ?').all(most);
    return rows.map((row) => ({
      ...{ runId: row.run_id as string, asked: row.asked as Asked, code: row.code as ErrorCode },
      ...{ problem: row.problem as string, times: row.times as number },
      ...{ firstAt: row.first_at as string, lastAt: row.last_at as string },
    }));
  }
}
