import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';

/** Each entry takes a database from version i to i + 1. Entries are only ever added. */
const MIGRATIONS = [
  `
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE dataset (
    name TEXT PRIMARY KEY, version TEXT NOT NULL, summary TEXT NOT NULL, added_at TEXT NOT NULL
  ) STRICT;

  -- Every invitation this site has answered. A plan runs here only if its row says accepted.
  CREATE TABLE invitation (
    run_id TEXT PRIMARY KEY, plan_digest TEXT NOT NULL, plan BLOB NOT NULL, accepted INTEGER NOT NULL,
    refusal_code TEXT, dataset_version TEXT, example_count INTEGER, answered_at TEXT NOT NULL, ended_at TEXT
  ) STRICT;

  -- One update per run and round, committed before its first byte is sent. The receipt comes when it is booked.
  CREATE TABLE outbox (
    run_id TEXT NOT NULL, round INTEGER NOT NULL, update_id TEXT NOT NULL UNIQUE, manifest TEXT NOT NULL,
    example_count INTEGER NOT NULL, local_steps INTEGER NOT NULL, base_model_digest TEXT NOT NULL,
    base_round INTEGER NOT NULL, training_loss REAL NOT NULL, delta_norm REAL NOT NULL, booked_at TEXT NOT NULL,
    PRIMARY KEY (run_id, round)
  ) STRICT;

  CREATE TABLE receipt (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, run_id TEXT NOT NULL, audit_index INTEGER NOT NULL,
    audit_leaf_hash BLOB NOT NULL, received_at TEXT NOT NULL
  ) STRICT;

  -- Models fetched for a run, in the order of their last use; what no row names may be deleted.
  CREATE TABLE held_model (
    run_id TEXT NOT NULL, model_digest TEXT NOT NULL, manifest TEXT NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (run_id, model_digest)
  ) STRICT;
  `,
  `
  ALTER TABLE dataset ADD COLUMN is_public INTEGER NOT NULL DEFAULT 0;

  -- Every version that a name has had, numbered from 1: numbers only, the pixels of old ones may be gone.
  CREATE TABLE dataset_version (
    name TEXT NOT NULL, number INTEGER NOT NULL, version TEXT NOT NULL, summary TEXT NOT NULL, made_by TEXT NOT NULL,
    made_at TEXT NOT NULL, PRIMARY KEY (name, number)
  ) STRICT;
  INSERT INTO dataset_version SELECT name, 1, version, summary, 'add', added_at FROM dataset;

  -- The part that a patient (a pseudonym) was put into: later versions of the dataset keep to it.
  CREATE TABLE dataset_patient (
    name TEXT NOT NULL, patient TEXT NOT NULL, part TEXT NOT NULL, PRIMARY KEY (name, patient)
  ) STRICT, WITHOUT ROWID;

  -- Patients (pseudonyms) who are left out of every dataset of this site.
  CREATE TABLE excluded_patient (patient TEXT PRIMARY KEY, excluded_at TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- What a plan calls a dataset -> the dataset that this site means by it.
  CREATE TABLE binding (logical TEXT PRIMARY KEY, dataset TEXT NOT NULL, bound_at TEXT NOT NULL) STRICT;
  `,
];

/** How long a writer waits for another process (`dataset add` beside a running agent). */
const BUSY_TIMEOUT_MS = 10_000;

/** Opens state.sqlite: write-ahead log, and a commit is on disk when it returns. Errors  CONFIG_INVALID, DISK_FULL. */
export function openSiteDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  chmodSync(path, 0o600);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  inTransaction(database, () => migrate(database));
  return database;
}

function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > MIGRATIONS.length)
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'state.sqlite was written by a newer agent' });
  for (const statement of MIGRATIONS.slice(version)) database.exec(statement);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
}

/** All of `work` or nothing of it. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw isFull(error) ? new ConsiliumError('DISK_FULL', {}, error) : error;
  }
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

function isFull(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_FULL;
}

/** The primary code; the upper bits of `errcode` are the extended one. */
function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}
