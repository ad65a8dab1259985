import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, syncFile, syncFolder } from '@consilium/durability';
import { errorCode } from '@consilium/errors';
import { throwIfStopped } from '../../platform/stopping.js';
import type { ReceivedObject, StoredOutcome } from '../pacs.js';
import { HEAD_BYTES, type Identity, identify } from './identify.js';
import type { InboxLedger } from './ledger.js';

const AT_ONCE = 32;
/** Node has four threads for the disk: syncs must not hold them all while other objects arrive. */
const SYNCS_AT_ONCE = 2;
/** Different objects under one identifier that are kept: one shows that none can be trusted. */
const OTHERS_KEPT = 3;

export interface IntakeOptions {
  /** Objects of studies that nobody has asked for are dropped. */
  readonly onlyExpected: boolean;
  /** Waits where the pace asks for it. */
  readonly onBytes?: (count: number) => Promise<void>;
  /** Told of each new object, once it is booked. */
  readonly onStored?: (sizeBytes: number) => void;
}

interface Received {
  readonly identity: Identity;
  readonly temporary: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly options: IntakeOptions;
  readonly resolve: (outcome: StoredOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes arriving objects to disk and books them. Objects that arrive at about the same time are forced to disk and booked
 * together: a disk that takes 5 ms to sync does not make 200 objects a second impossible.
 */
export class Arrivals {
  private queue: Received[] = [];
  private booking: Promise<void> | undefined;

  constructor(
    private readonly root: string,
    private readonly ledger: InboxLedger,
    private readonly nameOf: (sopUid: string) => string,
    private readonly largestBytes: number,
  ) {}

  /** Errors  DISK_FULL, STOPPED; what the source throws. Nothing is left then. */
  async receive(
    source: AsyncIterable<Uint8Array>,
    options: IntakeOptions,
    signal: AbortSignal,
  ): Promise<ReceivedObject> {
    const temporary = join(this.root, 'incoming', `${randomBytes(12).toString('hex')}.part`);
    try {
      const received = await this.write(temporary, source, options, signal);
      if (received === 'refused') {
        await rm(temporary, { force: true });
        return { booked: Promise.resolve(received) };
      }
      const booked = new Promise<StoredOutcome>((resolve, reject) => {
        this.queue.push({ ...received, temporary, options, resolve, reject });
        this.booking ??= this.bookAll();
      });
      booked.catch(() => {}); // whoever waits for it hears of it
      return { booked };
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error);
    }
  }

  /** When nothing is being booked any more. */
  async settled(): Promise<void> {
    await this.booking;
  }

  /** Of all objects under one identifier; of one that is still to come there is none. */
  private digestsOf(sopUid: string, known: ReturnType<InboxLedger['stateOf']>): string[] {
    if (!known?.sha256) return [];
    return [known.sha256, ...this.ledger.others(sopUid).map(({ sha256 }) => sha256)];
  }

  private async write(path: string, source: AsyncIterable<Uint8Array>, options: IntakeOptions, signal: AbortSignal) {
    const hash = createHash('sha256');
    const head: Uint8Array[] = [];
    let sizeBytes = 0;
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of source) {
        throwIfStopped(signal);
        if (sizeBytes < HEAD_BYTES) head.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - sizeBytes)));
        sizeBytes += chunk.length;
        if (sizeBytes > this.largestBytes) return this.refuse(Buffer.concat(head), 'larger than this site takes');
        hash.update(chunk);
        await writeAll(file, chunk);
        await options.onBytes?.(chunk.length);
      }
    } finally {
      await file.close();
    }
    throwIfStopped(signal);
    const identity = identityOf(Buffer.concat(head));
    return identity === undefined ? 'refused' : { identity, sizeBytes, sha256: hash.digest('hex') };
  }

  private refuse(head: Buffer, reason: string): 'refused' {
    const identity = identityOf(head);
    if (identity) this.ledger.refuse(identity.sopUid, reason);
    return 'refused';
  }

  private async bookAll(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, AT_ONCE);
      await this.book(batch).catch(async (error) => {
        for (const { temporary } of batch) await rm(temporary, { force: true });
        for (const { reject } of batch) reject(diskError(error));
      });
    }
    this.booking = undefined;
  }

  private async book(batch: readonly Received[]): Promise<void> {
    const outcomes = new Map<Received, StoredOutcome>();
    const taken = new Map<string, string[]>();
    const stored: Received[] = [];
    for (const received of batch) {
      const { sopUid, studyUid } = received.identity;
      const known = this.ledger.stateOf(sopUid);
      const isWanted = !received.options.onlyExpected || known || this.ledger.isExpectedStudy(studyUid);
      if (!isWanted) outcomes.set(received, 'unexpected');
      else {
        const here = [...(taken.get(sopUid) ?? []), ...this.digestsOf(sopUid, known)];
        const isCopy = here.includes(received.sha256);
        outcomes.set(received, here.length === 0 ? 'stored' : isCopy ? 'duplicate' : 'conflict');
        if (!isCopy && here.length <= OTHERS_KEPT) stored.push(received);
        taken.set(sopUid, [...(taken.get(sopUid) ?? []), received.sha256]);
      }
    }
    const fileOf = (received: Received) => {
      const { sopUid } = received.identity;
      return this.nameOf(outcomes.get(received) === 'conflict' ? `${sopUid} ${received.sha256}` : sopUid);
    };
    for (let at = 0; at < stored.length; at += SYNCS_AT_ONCE)
      await Promise.all(stored.slice(at, at + SYNCS_AT_ONCE).map(({ temporary }) => syncFile(temporary)));
    for (const received of stored) await rename(received.temporary, join(this.root, 'files', fileOf(received)));
    if (stored.length > 0) await syncFolder(join(this.root, 'files'));
    this.ledger.atomically(() => {
      for (const received of stored) {
        const { identity, sizeBytes, sha256 } = received;
        const arrival = { ...identity, sizeBytes, sha256, file: fileOf(received) };
        if (outcomes.get(received) === 'conflict') this.ledger.bookOther(arrival);
        else this.ledger.book(arrival);
      }
      for (const [{ identity }, outcome] of outcomes)
        if (outcome === 'duplicate') this.ledger.countCopy(identity.sopUid);
    });
    for (const received of batch) {
      const outcome = outcomes.get(received)!;
      if (outcome === 'stored') received.options.onStored?.(received.sizeBytes);
      else if (!stored.includes(received)) await rm(received.temporary, { force: true });
      received.resolve(outcome);
    }
  }
}

function identityOf(head: Buffer): Identity | undefined {
  try {
    return identify(head);
  } catch (error) {
    if (errorCode(error) === 'PACS_ANSWER_INVALID') return undefined;
    throw error;
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}
