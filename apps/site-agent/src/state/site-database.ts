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
  `
  -- The dataset that a run was accepted with, the sites that it was said to have, and the site's own withdrawal from it.
  ALTER TABLE invitation ADD COLUMN dataset_name TEXT;
  ALTER TABLE invitation ADD COLUMN sites INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE invitation ADD COLUMN withdrawn_at TEXT;
  ALTER TABLE invitation ADD COLUMN withdrawn_because TEXT;
  ALTER TABLE invitation ADD COLUMN withdrawal_told_at TEXT;

  -- The site's own book: what a person has done with its data, in their order. Rows are only ever added.
  CREATE TABLE act (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;

  -- What a coordinator has asked for and not got, counted: any number of askings is one row.
  CREATE TABLE refusal (
    run_id TEXT NOT NULL, asked TEXT NOT NULL, code TEXT NOT NULL, problem TEXT NOT NULL, times INTEGER NOT NULL,
    first_at TEXT NOT NULL, last_at TEXT NOT NULL, PRIMARY KEY (run_id, asked, code, problem)
  ) STRICT, WITHOUT ROWID;

  -- Each training of a run that was begun: once a round, from one model.
  CREATE TABLE training (
    run_id TEXT NOT NULL, round INTEGER NOT NULL, base_model_digest TEXT NOT NULL, begun_at TEXT NOT NULL,
    PRIMARY KEY (run_id, round)
  ) STRICT, WITHOUT ROWID;

  -- Each evaluation that was begun: once a model and part, with its answer as it was given.
  CREATE TABLE evaluation (
    run_id TEXT NOT NULL, part TEXT NOT NULL, model_digest TEXT NOT NULL, begun_at TEXT NOT NULL, answer TEXT,
    PRIMARY KEY (run_id, part, model_digest)
  ) STRICT, WITHOUT ROWID;

  -- Which pictures of a dataset version each accepted plan selects: what was selected before bounds what may be selected next.
  CREATE TABLE selection (
    run_id TEXT PRIMARY KEY, dataset_version TEXT NOT NULL, task TEXT NOT NULL, selects TEXT NOT NULL, booked_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The key (by its fingerprint) that the pseudonyms and the split of a dataset follow from.
  CREATE TABLE dataset_key (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) STRICT;
  `,
  `
  -- A running agent looks for these several times a second.
  CREATE INDEX invitation_to_tell ON invitation (run_id) WHERE withdrawn_at IS NOT NULL AND withdrawal_told_at IS NULL;
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

/** All of `work` or nothing of it; within another one it is part of that. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work();
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
