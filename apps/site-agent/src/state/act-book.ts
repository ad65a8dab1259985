import type { DatabaseSync } from 'node:sqlite';

export type ActKind =
  | 'dataset.remove'
  | 'dataset.exclude'
  | 'dataset.bind'
  | 'dataset.unbind'
  | 'run.withdraw'
  | 'site.restore';

export interface BookedAct {
  readonly number: number;
  readonly at: string;
  readonly kind: ActKind;
  /** Name of the dataset, or id of the run. */
  readonly about: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The site's own book of what persons have done with its data. It names no patient. */
export class ActBook {
  constructor(private readonly database: DatabaseSync) {}

  add(kind: ActKind, about: string, detail: BookedAct['detail'] = {}): void {
    this.database
      .prepare('INSERT INTO act (at, kind, about, detail) VALUES (?, ?, ?, ?)')
      .run(new Date().toISOString(), kind, about, JSON.stringify(detail));
  }

  /** The newest first. */
  list(most: number): BookedAct[] {
    const rows = this.database.prepare('SELECT * FROM act ORDER BY number DESC LIMIT ?').all(most);
    return rows.map((row) => ({
      ...{ number: row.number as number, at: row.at as string, kind: row.kind as ActKind, about: row.about as string },
      detail: JSON.parse(row.detail as string) as BookedAct['detail'],
    }));
  }
}
