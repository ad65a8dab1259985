import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
import { inTransaction } from '../../state/site-database.js';
import type { FoundInstance } from '../pacs.js';

/** Everything in it names patients' studies: it stays in the inbox, readable by this site alone. */
const SCHEMA = `
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  -- Studies that a PACS has named. listed: all of its instances have rows.
  CREATE TABLE study (study_uid TEXT PRIMARY KEY, listed INTEGER NOT NULL) STRICT;

  -- One row an instance, whoever named it first: the PACS (expected), or the object itself (arrived).
  CREATE TABLE instance (
    sop_uid TEXT PRIMARY KEY, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('expected', 'arrived', 'refused')), reason TEXT NOT NULL DEFAULT '',
    file TEXT, size_bytes INTEGER, sha256 TEXT, copies INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX instance_of_study ON instance (study_uid, state);
`;
/** Objects that came under an identifier of another one, with other bytes: whose picture is meant cannot be told. */
const OTHER_OBJECTS = `
  CREATE TABLE other_object (
    sop_uid TEXT NOT NULL, sha256 TEXT NOT NULL, file TEXT NOT NULL, size_bytes INTEGER NOT NULL, PRIMARY KEY (sop_uid, sha256)
  ) STRICT;
`;
const VERSION = 2;

export interface Arrival {
  readonly sopUid: string;
  readonly sopClassUid: string;
  /** '' when the object's head does not say. */
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface LedgerCounts {
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  readonly arrived: number;
  readonly refused: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly bytes: number;
}

interface InstanceRow {
  sop_uid: string;
  study_uid: string;
  series_uid: string;
  sop_class_uid: string;
  file: string;
  size_bytes: number;
  sha256: string;
}

/** What a fetch expects and what has come, on disk at every commit. */
export class InboxLedger {
  private constructor(private readonly database: DatabaseSync) {}

  /** Errors  DISK_FULL, CONFIG_INVALID (written by a newer agent). */
  static open(path: string): InboxLedger {
    const database = new DatabaseSync(path);
    chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    inTransaction(database, () => {
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version > VERSION)
        throw new ConsiliumError('CONFIG_INVALID', { problem: 'the inbox was written by a newer agent' });
      if (version === 0) database.exec(SCHEMA);
      if (version < VERSION) database.exec(`${OTHER_OBJECTS} PRAGMA user_version = ${VERSION}`);
      database.prepare(`INSERT OR IGNORE INTO fact VALUES ('key', ?)`).run(randomBytes(32).toString('hex'));
    });
    return new InboxLedger(database);
  }

  /** Names files: without it a file's name says nothing of what is in it. */
  key(): Buffer {
    const { value } = this.database.prepare(`SELECT value FROM fact WHERE name = 'key'`).get() as { value: string };
    return Buffer.from(value, 'hex');
  }

  atomically<T>(work: () => T): T {
    return inTransaction(this.database, work);
  }

  isListed(studyUid: string): boolean {
    const row = this.database.prepare('SELECT listed FROM study WHERE study_uid = ?').get(studyUid);
    return row?.listed === 1;
  }

  isExpectedStudy(studyUid: string): boolean {
    return this.database.prepare('SELECT 1 FROM study WHERE study_uid = ?').get(studyUid) !== undefined;
  }

  /**
   * All instances of a study, as its PACS lists them. One that has arrived already stays so, unless it came with another study: then this
   * one's object is still to come, and is compared with that.
   */
  expect(studyUid: string, series: ReadonlyMap<string, readonly FoundInstance[]>): void {
    const insert = this.database.prepare(
      `INSERT INTO instance (sop_uid, study_uid, series_uid, sop_class_uid, state) VALUES (?, ?, ?, ?, 'expected')
       ON CONFLICT (sop_uid) DO UPDATE SET study_uid = excluded.study_uid, series_uid = excluded.series_uid,
         state = CASE WHEN state = 'arrived' AND study_uid NOT IN ('', excluded.study_uid) THEN 'expected' ELSE state END`,
    );
    this.atomically(() => {
      this.database
        .prepare('INSERT INTO study VALUES (?, 1) ON CONFLICT (study_uid) DO UPDATE SET listed = 1')
        .run(studyUid);
      for (const [seriesUid, instances] of series)
        for (const { sopUid, sopClassUid } of instances) insert.run(sopUid, studyUid, seriesUid, sopClassUid);
    });
  }

  stateOf(sopUid: string): { readonly state: string; readonly sha256: string | null } | undefined {
    return this.database.prepare('SELECT state, sha256 FROM instance WHERE sop_uid = ?').get(sopUid) as
      | { state: string; sha256: string | null }
      | undefined;
  }

  /** Inside `atomically`. What the PACS has said of an instance's study and series is kept. */
  book(a: Arrival): void {
    this.database
      .prepare(
        `INSERT INTO instance (sop_uid, study_uid, series_uid, sop_class_uid, state, file, size_bytes, sha256)
         VALUES (?, ?, ?, ?, 'arrived', ?, ?, ?)
         ON CONFLICT (sop_uid) DO UPDATE SET state = 'arrived', reason = '', file = excluded.file,
           size_bytes = excluded.size_bytes, sha256 = excluded.sha256`,
      )
      .run(a.sopUid, a.studyUid, a.seriesUid, a.sopClassUid, a.file, a.sizeBytes, a.sha256);
    this.database.prepare('INSERT OR IGNORE INTO study VALUES (?, 0)').run(a.studyUid);
  }

  /** Inside `atomically`. */
  countCopy(sopUid: string): void {
    this.database.prepare('UPDATE instance SET copies = copies + 1 WHERE sop_uid = ?').run(sopUid);
    this.hasCome(sopUid);
  }

  /** Digests of the other objects under an identifier, and the files that hold them. */
  others(sopUid: string): { readonly sha256: string; readonly file: string }[] {
    const rows = this.database.prepare('SELECT sha256, file FROM other_object WHERE sop_uid = ?').all(sopUid);
    return rows as { sha256: string; file: string }[];
  }

  /** Of all of them. */
  *otherFiles(): Generator<string> {
    for (const row of this.database.prepare('SELECT file FROM other_object').iterate()) yield row.file as string;
  }

  /** Inside `atomically`. */
  bookOther({ sopUid, sha256, file, sizeBytes }: Pick<Arrival, 'sopUid' | 'sha256' | 'file' | 'sizeBytes'>): void {
    this.database
      .prepare('INSERT OR IGNORE INTO other_object VALUES (?, ?, ?, ?)')
      .run(sopUid, sha256, file, sizeBytes);
    this.hasCome(sopUid);
  }

  /** What a study still waited for, because another one had it. */
  private hasCome(sopUid: string): void {
    this.database
      .prepare(`UPDATE instance SET state = 'arrived' WHERE sop_uid = ? AND state = 'expected' AND file IS NOT NULL`)
      .run(sopUid);
  }

  /** An expected instance that this site will not take, and why. */
  refuse(sopUid: string, reason: string): void {
    this.database
      .prepare(`UPDATE instance SET state = 'refused', reason = ? WHERE sop_uid = ? AND state = 'expected'`)
      .run(reason, sopUid);
  }

  /** A new fetch asks again for what an earlier one could not have. */
  expectRefusedAgain(studyUid: string): void {
    this.database
      .prepare(`UPDATE instance SET state = 'expected' WHERE study_uid = ? AND state = 'refused'`)
      .run(studyUid);
  }

  /** Its file is gone: it is asked for again. */
  forget(sopUid: string): void {
    this.database
      .prepare(
        `UPDATE instance SET state = 'expected', file = NULL, sha256 = NULL, size_bytes = NULL WHERE sop_uid = ?`,
      )
      .run(sopUid);
  }

  /** By series, those that have not arrived and are not refused. */
  missing(studyUid: string): Map<string, { all: number; missing: FoundInstance[] }> {
    const rows = this.database
      .prepare('SELECT sop_uid, series_uid, sop_class_uid, state FROM instance WHERE study_uid = ? ORDER BY rowid')
      .all(studyUid) as unknown as (InstanceRow & { state: string })[];
    const series = new Map<string, { all: number; missing: FoundInstance[] }>();
    for (const row of rows) {
      const entry = series.get(row.series_uid) ?? { all: 0, missing: [] };
      entry.all++;
      if (row.state === 'expected') entry.missing.push({ sopUid: row.sop_uid, sopClassUid: row.sop_class_uid });
      series.set(row.series_uid, entry);
    }
    return series;
  }

  *arrivals(): Generator<Arrival> {
    const rows = this.database.prepare('SELECT * FROM instance WHERE file IS NOT NULL ORDER BY rowid').iterate();
    for (const row of rows as Iterable<unknown> as Iterable<InstanceRow>)
      yield {
        sopUid: row.sop_uid,
        sopClassUid: row.sop_class_uid,
        studyUid: row.study_uid,
        seriesUid: row.series_uid,
        file: row.file,
        sizeBytes: row.size_bytes,
        sha256: row.sha256,
      };
  }

  counts(studyUids?: Iterable<string>): LedgerCounts {
    const chosen = studyUids === undefined ? '' : 'WHERE study_uid IN (SELECT value FROM json_each(?))';
    const row = this.database
      .prepare(
        `SELECT count(DISTINCT study_uid) AS studies, count(DISTINCT series_uid) AS series, count(*) AS instances,
           coalesce(sum(state = 'arrived'), 0) AS arrived, coalesce(sum(state = 'refused'), 0) AS refused,
           coalesce(sum(state = 'expected'), 0) AS missing, coalesce(sum(copies), 0) AS duplicates,
           coalesce(sum(size_bytes), 0) AS bytes,
           coalesce(sum((SELECT count(*) FROM other_object AS o WHERE o.sop_uid = instance.sop_uid)), 0) AS conflicts
         FROM instance ${chosen}`,
      )
      .get(...(studyUids === undefined ? [] : [JSON.stringify([...studyUids])])) as unknown as LedgerCounts;
    return { ...row };
  }

  close(): void {
    this.database.close();
  }
}
