import type { DatabaseSync } from 'node:sqlite';
import type { Plan } from '@consilium/plan';

type Selection = Plan['data']['select'];

/** Which pictures of a dataset version plans have selected; whatever is asked for next is compared with all of it. */
export class SelectionBook {
  constructor(private readonly database: DatabaseSync) {}

  /** Before the plan is agreed to. */
  book(runId: string, version: string, { task, data }: Plan): void {
    this.database
      .prepare('INSERT OR IGNORE INTO selection VALUES (?, ?, ?, ?, ?)')
      .run(runId, version, task.kind, JSON.stringify(data.select ?? null), new Date().toISOString());
  }

  /** Each once. */
  of(version: string, task: string): Selection[] {
    const rows = this.database
      .prepare('SELECT DISTINCT selects FROM selection WHERE dataset_version = ? AND task = ? ORDER BY selects')
      .all(version, task);
    return rows.map(({ selects }) => (JSON.parse(selects as string) as Selection | null) ?? undefined);
  }
}
