import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { diskError } from '@consilium/durability';
import { errorCode } from '@consilium/errors';
import { inTransaction } from '../state/site-database.js';
import type { BlobStore } from './blob-store.js';
import type { FileIdentity } from './file-identity.js';
import type { StoredPicture } from './image.js';
import type { SetAsideReason } from './ingest-ledger.js';

/** By what an object is counted; keyed hashes. */
export interface CountedObject {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly modality: string;
}

/** What came of a file's own bytes, whatever a label table says of it. */
export type JournalOutcome =
  | { readonly kind: 'picture'; readonly picture: StoredPicture }
  | { readonly kind: 'set-aside'; readonly reason: SetAsideReason; readonly object: CountedObject | undefined }
  | { readonly kind: 'mask'; readonly rows: number; readonly columns: number; readonly digest: string };

/** Changes whenever the same file could give another outcome: what other code has written is read again. */
const READING = 'consilium-journal/3';

/** The journal of one dataset. Errors  DISK_FULL. */
export function openJournal(path: string): IngestJournal {
  return IngestJournal.open(path, READING);
}

/** Files whose outcome has not been written yet; a crash costs reading these again. */
const PENDING_FILES = 128;
const PENDING_MS = 5_000;
/** More than the outcomes that wait take on disk. */
const RESERVE_BYTES = 2 ** 20;

export interface JournalEntry {
  readonly outcome: JournalOutcome;
  /** False: what the outcome names in the store may be gone or torn after a power cut, and has to be looked at. */
  readonly isDurable: boolean;
}

/**
 * What has been read for a dataset, beside it on disk: a reading that broke off goes on from here, and one that comes again
 * reads nothing twice. Names and identifiers are keyed hashes. Pixels are forced to disk once, at the end of a reading:
 * what the journal names from before that is taken only if it has its digest.
 */
export class IngestJournal {
  private readonly pending = new Map<string, { identity: FileIdentity; outcome: JournalOutcome }>();
  private flushedAt = Date.now();
  private readonly select: StatementSync;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly reserve: string,
  ) {
    this.select = database.prepare('SELECT size, modified, inode, durable, outcome FROM file WHERE name = ?');
  }

  /** Called before outcomes are written: for what has to be on disk first. */
  beforeWrite: () => void = () => {};

  /** `writtenBy` says which reading code made it: outcomes of another one are dropped. Errors  DISK_FULL. */
  static open(path: string, writtenBy: string): IngestJournal {
    const database = new DatabaseSync(path);
    if (path !== ':memory:') chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    inTransaction(database, () => {
      database.exec(`
        CREATE TABLE IF NOT EXISTS made (writer TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS file (
          name TEXT PRIMARY KEY, folder TEXT NOT NULL, size INTEGER NOT NULL, modified REAL NOT NULL, inode TEXT NOT NULL,
          durable INTEGER NOT NULL, outcome TEXT NOT NULL
        ) STRICT, WITHOUT ROWID`);
      const made = database.prepare('SELECT writer FROM made').get() as { writer: string } | undefined;
      if (made?.writer === writtenBy) return;
      database.exec('DELETE FROM file; DELETE FROM made');
      database.prepare('INSERT INTO made VALUES (?)').run(writtenBy);
    });
    return new IngestJournal(database, `${path}.reserve`);
  }

  /** Takes space on the disk now, so that a full one can still be told what was read. Errors  DISK_FULL. */
  takeReserve(): void {
    try {
      writeFileSync(this.reserve, randomBytes(RESERVE_BYTES), { mode: 0o600 });
    } catch (error) {
      rmSync(this.reserve, { force: true });
      throw diskError(error);
    }
  }

  /** What came of a file, unless it has changed since. */
  find(identity: FileIdentity): JournalEntry | undefined {
    const waiting = this.pending.get(identity.name);
    if (waiting) return { outcome: waiting.outcome, isDurable: false };
    const row = this.select.get(identity.name) as
      | { size: number; modified: number; inode: string; durable: number; outcome: string }
      | undefined;
    const isSame =
      row?.size === identity.sizeBytes && row.modified === identity.modifiedMs && row.inode === identity.inode;
    if (!isSame) return undefined;
    return { outcome: JSON.parse(row.outcome) as JournalOutcome, isDurable: row.durable === 1 };
  }

  /** Errors  DISK_FULL. */
  add(identity: FileIdentity, outcome: JournalOutcome): void {
    this.pending.set(identity.name, { identity, outcome });
    if (this.pending.size >= PENDING_FILES || Date.now() - this.flushedAt > PENDING_MS) this.flush();
  }

  /** All that was added is on disk afterwards; the reserve serves where the disk is full. Errors  DISK_FULL. */
  flush(): void {
    try {
      this.write();
    } catch (error) {
      if (errorCode(error) !== 'DISK_FULL' || !existsSync(this.reserve)) throw error;
      rmSync(this.reserve);
      this.write();
    }
  }

  private write(): void {
    this.beforeWrite();
    const entries = [...this.pending.values()];
    inTransaction(this.database, () => {
      const insert = this.database.prepare('INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, 0, ?)');
      for (const { identity: i, outcome } of entries)
        insert.run(i.name, i.folder, i.sizeBytes, i.modifiedMs, i.inode, JSON.stringify(outcome));
    });
    this.pending.clear();
    this.flushedAt = Date.now();
  }

  /** Everything that the journal names in the store is on disk. Errors  DISK_FULL. */
  markDurable(): void {
    inTransaction(this.database, () => this.database.exec('UPDATE file SET durable = 1 WHERE durable = 0'));
  }

  /** Files whose outcome is on disk. */
  count(): number {
    return (this.database.prepare('SELECT count(*) AS n FROM file').get() as { n: number }).n;
  }

  /** Forgets files of a folder that are no longer in it. */
  forgetOthers(folder: string, names: ReadonlySet<string>): void {
    inTransaction(this.database, () => {
      const rows = this.database.prepare('SELECT name FROM file WHERE folder = ?').iterate(folder);
      const gone = [...rows].map((row) => row.name as string).filter((name) => !names.has(name));
      const remove = this.database.prepare('DELETE FROM file WHERE name = ?');
      for (const name of gone) remove.run(name);
    });
  }

  /** Forgets the pictures of patients; answers the pseudonyms of their objects. */
  forgetPatients(patients: ReadonlySet<string>): Set<string> {
    const files = [...this.filesOf(patients)];
    inTransaction(this.database, () => {
      const remove = this.database.prepare('DELETE FROM file WHERE name = ?');
      for (const { name } of files) remove.run(name);
    });
    return new Set(files.map(({ object }) => object));
  }

  /** The objects whose own header names one of them. */
  objectsOf(patients: ReadonlySet<string>): Set<string> {
    return new Set([...this.filesOf(patients)].map(({ object }) => object));
  }

  private *filesOf(patients: ReadonlySet<string>): Generator<{ readonly name: string; readonly object: string }> {
    for (const row of this.database.prepare('SELECT name, outcome FROM file').iterate()) {
      const outcome = JSON.parse(row.outcome as string) as JournalOutcome;
      if (outcome.kind === 'picture' && patients.has(outcome.picture.header.patient))
        yield { name: row.name as string, object: outcome.picture.header.instance };
    }
  }

  /** Of everything that it names in the store. */
  *digests(): Generator<string> {
    for (const row of this.database.prepare('SELECT outcome FROM file').iterate()) {
      const outcome = JSON.parse(row.outcome as string) as JournalOutcome;
      if (outcome.kind === 'mask') yield outcome.digest;
      if (outcome.kind === 'picture') for (const { image } of outcome.picture.frames) yield image.digest;
    }
  }

  close(): void {
    rmSync(this.reserve, { force: true });
    this.database.close();
  }
}

/** Whether the store holds what an entry names. */
export function isStored({ isDurable }: JournalEntry, digests: readonly string[], blobs: BlobStore): Promise<boolean> {
  return isDurable ? blobs.hasAll(digests) : blobs.hasAllWhole(digests);
}
