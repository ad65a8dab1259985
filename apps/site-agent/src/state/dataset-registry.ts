import type { DatabaseSync } from 'node:sqlite';
import type { DatasetSummary } from '../datasets/dataset-index.js';

export interface RegisteredDataset {
  readonly name: string;
  readonly version: string;
  readonly summary: DatasetSummary;
  readonly addedAt: string;
}

interface Row {
  name: string;
  version: string;
  summary: string;
  added_at: string;
}

/** Name of a dataset -> the version that plans are bound to. */
export class DatasetRegistry {
  constructor(private readonly database: DatabaseSync) {}

  register(name: string, version: string, summary: DatasetSummary): void {
    this.database
      .prepare('INSERT OR REPLACE INTO dataset VALUES (?, ?, ?, ?)')
      .run(name, version, JSON.stringify(summary), new Date().toISOString());
  }

  /** False when there was none. */
  remove(name: string): boolean {
    return this.database.prepare('DELETE FROM dataset WHERE name = ?').run(name).changes > 0;
  }

  find(name: string): RegisteredDataset | undefined {
    const row = this.database.prepare('SELECT * FROM dataset WHERE name = ?').get(name) as Row | undefined;
    return row && fromRow(row);
  }

  list(): RegisteredDataset[] {
    return (this.database.prepare('SELECT * FROM dataset ORDER BY name').all() as unknown as Row[]).map(fromRow);
  }
}

function fromRow(row: Row): RegisteredDataset {
  return {
    name: row.name,
    version: row.version,
    summary: JSON.parse(row.summary) as DatasetSummary,
    addedAt: row.added_at,
  };
}
