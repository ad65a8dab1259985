import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderLock } from '../../state/folder-lock.js';
import type { Intake } from '../pacs.js';
import { Arrivals, type IntakeOptions } from './arrivals.js';
import { InboxLedger, type LedgerCounts } from './ledger.js';

export interface InboxFile {
  readonly path: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Far above any single object; what is larger is refused. */
const LARGEST_OBJECT_BYTES = 4 * 2 ** 30;

/**
 * A folder of objects that came from a PACS, and the ledger of what is still to come. A file is on disk, under its name,
 * before its row says so; a copy that comes again changes nothing, and another object under the same identifier is kept beside the first. Names are keyed hashes of the instance: nothing of an
 * object's text is ever part of a path.
 */
export class Inbox {
  private constructor(
    private readonly root: string,
    readonly ledger: InboxLedger,
    private readonly lock: FolderLock,
    private readonly arrivals: Arrivals,
  ) {}

  /**
   * Opens an inbox, or makes one, and clears away what an earlier life had not finished.
   *
   * Errors   ALREADY_RUNNING (another process fills it), DISK_FULL.
   */
  static async open(root: string, largestObjectBytes = LARGEST_OBJECT_BYTES): Promise<Inbox> {
    for (const path of [root, join(root, 'files'), join(root, 'incoming')])
      mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = FolderLock.take(join(root, 'lock'));
    try {
      const ledger = InboxLedger.open(join(root, 'ledger.sqlite'));
      const key = ledger.key();
      const nameOf = (sopUid: string) => `${createHmac('sha256', key).update(sopUid).digest('hex')}.dcm`;
      await recover(root, ledger);
      return new Inbox(root, ledger, lock, new Arrivals(root, ledger, nameOf, largestObjectBytes));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The folder of the objects, one file each. */
  get folder(): string {
    return join(this.root, 'files');
  }

  intake(options: IntakeOptions): Intake {
    return {
      receive: (bytes, signal) => this.arrivals.receive(bytes, options, signal),
    };
  }

  *files(): Generator<InboxFile> {
    for (const { file, studyUid, seriesUid, sopUid, sizeBytes, sha256 } of this.ledger.arrivals())
      yield { path: join(this.folder, file), studyUid, seriesUid, sopUid, sizeBytes, sha256 };
  }

  counts(studyUids?: Iterable<string>): LedgerCounts {
    return this.ledger.counts(studyUids);
  }

  /** When all that was received is booked. */
  async settled(): Promise<void> {
    await this.arrivals.settled();
  }

  async close(): Promise<void> {
    await this.arrivals.settled();
    this.ledger.close();
    this.lock.release();
  }
}

/** A crash leaves parts of objects, and whole files that no row names yet: both come again. */
async function recover(root: string, ledger: InboxLedger): Promise<void> {
  for (const name of await readdir(join(root, 'incoming'))) await rm(join(root, 'incoming', name), { force: true });
  const onDisk = new Set(await readdir(join(root, 'files')));
  const lost: string[] = [];
  for (const { sopUid, file } of ledger.arrivals()) if (!onDisk.delete(file)) lost.push(sopUid);
  if (lost.length > 0)
    ledger.atomically(() => {
      for (const sopUid of lost) ledger.forget(sopUid);
    });
  for (const file of ledger.otherFiles()) onDisk.delete(file);
  for (const name of onDisk) await rm(join(root, 'files', name), { force: true });
}
