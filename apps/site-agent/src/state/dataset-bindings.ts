import type { DatabaseSync } from 'node:sqlite';

export interface DatasetBinding {
  /** What plans call it. */
  readonly logical: string;
  /** Name of a dataset of this site. */
  readonly dataset: string;
}

/** What a plan calls a dataset -> the dataset that this site means by it. A name without a binding means itself. */
export class DatasetBindings {
  constructor(private readonly database: DatabaseSync) {}

  bind(logical: string, dataset: string): void {
    this.database
      .prepare('INSERT OR REPLACE INTO binding VALUES (?, ?, ?)')
      .run(logical, dataset, new Date().toISOString());
  }

  /** False when there was none. */
  unbind(logical: string): boolean {
    return this.database.prepare('DELETE FROM binding WHERE logical = ?').run(logical).changes > 0;
  }

  /** Name of the dataset that is meant. */
  resolve(logical: string): string {
    const row = this.database.prepare('SELECT dataset FROM binding WHERE logical = ?').get(logical) as
      | { dataset: string }
      | undefined;
    return row?.dataset ?? logical;
  }

  list(): DatasetBinding[] {
    const rows = this.database.prepare('SELECT logical, dataset FROM binding ORDER BY logical').all();
    return rows.map((row) => ({ logical: row.logical as string, dataset: row.dataset as string }));
  }
}
