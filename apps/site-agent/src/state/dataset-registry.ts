import type { DatabaseSync } from 'node:sqlite';
import type { DatasetSummary } from '../datasets/dataset-index.js';
import type { Part } from '../datasets/image.js';
import { inTransaction } from './site-database.js';

export interface RegisteredDataset {
  readonly name: string;
  readonly version: string;
  readonly summary: DatasetSummary;
  readonly addedAt: string;
  /** Its pictures are free for everybody to see; nothing of it needs protection. */
  readonly isPublic: boolean;
}

export type MadeBy = 'add' | 'more' | 'exclude';

export interface DatasetVersionEntry {
  /** From 1. */
  readonly number: number;
  readonly version: string;
  readonly summary: DatasetSummary;
  readonly madeBy: MadeBy;
  readonly madeAt: string;
}

export interface NewVersion {
  readonly madeBy?: MadeBy;
  readonly isPublic?: boolean;
  /** Patient -> part; those known before stay known. */
  readonly parts?: ReadonlyMap<string, Part>;
}

interface Row {
  name: string;
  version: string;
  summary: string;
  added_at: string;
  is_public: number;
}

/** Name of a dataset -> the version that plans are bound to, and those that were before it. */
export class DatasetRegistry {
  constructor(private readonly database: DatabaseSync) {}

  /** A version that the name has already makes no new entry of its history. */
  register(name: string, version: string, summary: DatasetSummary, more: NewVersion = {}): void {
    inTransaction(this.database, () => {
      const before = this.find(name);
      const now = new Date().toISOString();
      const isPublic = more.isPublic ?? before?.isPublic ?? false;
      this.database
        .prepare('INSERT OR REPLACE INTO dataset VALUES (?, ?, ?, ?, ?)')
        .run(name, version, JSON.stringify(summary), now, isPublic ? 1 : 0);
      if (before?.version !== version) {
        const number = (this.history(name).at(-1)?.number ?? 0) + 1;
        this.database
          .prepare('INSERT INTO dataset_version VALUES (?, ?, ?, ?, ?, ?)')
          .run(name, number, version, JSON.stringify(summary), more.madeBy ?? 'add', now);
      }
      const insert = this.database.prepare('INSERT OR IGNORE INTO dataset_patient VALUES (?, ?, ?)');
      for (const [patient, part] of more.parts ?? []) insert.run(name, patient, part);
    });
  }

  /** Name of a dataset -> fingerprint of the key that it was made with; older ones do not say. */
  keys(): Map<string, string> {
    const rows = this.database.prepare('SELECT name, fingerprint FROM dataset_key ORDER BY name').all();
    return new Map(rows.map((row) => [row.name as string, row.fingerprint as string]));
  }

  noteKey(name: string, fingerprint: string): void {
    this.database.prepare('INSERT OR REPLACE INTO dataset_key VALUES (?, ?)').run(name, fingerprint);
  }

  /** The name means no version any more; its history stays, and in which parts its patients are. */
  forgetVersion(name: string): void {
    this.database.prepare('DELETE FROM dataset WHERE name = ?').run(name);
  }

  forgetPatients(name: string, patients: ReadonlySet<string>): void {
    inTransaction(this.database, () => {
      const remove = this.database.prepare('DELETE FROM dataset_patient WHERE name = ? AND patient = ?');
      for (const patient of patients) remove.run(name, patient);
    });
  }

  /** With its history and what it knew of patients. False when there was none. */
  remove(name: string): boolean {
    return inTransaction(this.database, () => {
      for (const table of ['dataset_version', 'dataset_patient', 'dataset_key'])
        this.database.prepare(`DELETE FROM ${table} WHERE name = ?`).run(name);
      return this.database.prepare('DELETE FROM dataset WHERE name = ?').run(name).changes > 0;
    });
  }

  find(name: string): RegisteredDataset | undefined {
    const row = this.database.prepare('SELECT * FROM dataset WHERE name = ?').get(name) as Row | undefined;
    return row && fromRow(row);
  }

  list(): RegisteredDataset[] {
    return (this.database.prepare('SELECT * FROM dataset ORDER BY name').all() as unknown as Row[]).map(fromRow);
  }

  /** Every version that the name has had, the first one first. */
  history(name: string): DatasetVersionEntry[] {
    const rows = this.database.prepare('SELECT * FROM dataset_version WHERE name = ? ORDER BY number').all(name);
    return rows.map((row) => ({
      number: row.number as number,
      version: row.version as string,
      summary: JSON.parse(row.summary as string) as DatasetSummary,
      madeBy: row.made_by as MadeBy,
      madeAt: row.made_at as string,
    }));
  }

  /** Patient -> the part that a version of this dataset has put them into. */
  parts(name: string): Map<string, Part> {
    const rows = this.database.prepare('SELECT patient, part FROM dataset_patient WHERE name = ?').all(name);
    return new Map(rows.map((row) => [row.patient as string, row.part as Part]));
  }
}

function fromRow(row: Row): RegisteredDataset {
  return {
    name: row.name,
    version: row.version,
    summary: JSON.parse(row.summary) as DatasetSummary,
    addedAt: row.added_at,
    isPublic: row.is_public === 1,
  };
}
