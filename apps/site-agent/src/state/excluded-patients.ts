import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './site-database.js';

/** Patients who are left out of every dataset of this site, as the pseudonyms that the site's key gives them. */
export class ExcludedPatients {
  constructor(private readonly database: DatabaseSync) {}

  add(patients: Iterable<string>): void {
    inTransaction(this.database, () => {
      const insert = this.database.prepare('INSERT OR IGNORE INTO excluded_patient VALUES (?, ?)');
      for (const patient of patients) insert.run(patient, new Date().toISOString());
    });
  }

  all(): Set<string> {
    const rows = this.database.prepare('SELECT patient FROM excluded_patient').all() as unknown as {
      patient: string;
    }[];
    return new Set(rows.map(({ patient }) => patient));
  }
}
