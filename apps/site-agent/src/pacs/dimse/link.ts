import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { PassThrough, type Writable } from 'node:stream';
import { ConsiliumError, errorCode } from '@consilium/errors';
import type { association as associations, Dataset, requests, responses } from 'dcmjs-dimse';
import dimse from 'dcmjs-dimse';
import { stopReason } from '../../platform/stopping.js';
import type { Intake, ReceivedObject, StoredOutcome } from '../pacs.js';
import { part10Head } from './part10-head.js';
import { PduGuard } from './pdu-guard.js';

type RootLogger = typeof dimse.log & { getLoggers(): Record<string, typeof dimse.log> };
export type Association = associations.Association;
type PresentationContext = associations.PresentationContext;

// The library, and the one below it, write values of elements to the console unless each of their loggers is told not to.
const below = createRequire(createRequire(import.meta.url).resolve('dcmjs-dimse'))('dcmjs') as { log: RootLogger };
for (const logger of [dimse.log, below.log, ...Object.values(below.log.getLoggers())]) logger.setLevel('silent');
/** Larger ones bring nothing: an object is bound by the disk. */
dimse.Implementation.setMaxPduLength(128 * 1024);
dimse.Implementation.setImplementationVersion('CONSILIUM');

/** A peer whose machine is gone is noticed although nothing is due from it. */
const KEEP_ALIVE_MS = 30_000;

const STATUS_PENDING = new Set([0xff00, 0xff01]);

/** Status of C-STORE (PS3.4 table B.2-1). */
const STATUS_OF_OUTCOME: Readonly<Record<StoredOutcome, number>> = {
  stored: 0,
  conflict: 0x0000, // it is on disk, and marked
  duplicate: 0,
  unexpected: 0x0124, // refused: not authorised
  refused: 0xc000, // cannot understand
};
const OUT_OF_RESOURCES = 0xa700;
const PROCESSING_FAILURE = 0x0110;

export interface LinkOptions {
  /** Nothing comes in that time: the peer is gone. */
  readonly idleMs: number;
  /** Where objects go that the peer stores; without it they are refused. */
  readonly intake?: Intake;
  /**
   * When an object is answered with success. A peer that pushes may delete what it has sent: only once it is booked. One that
   * was asked keeps it, and can be asked again: as soon as it is read, so that the next one need not wait for the disk.
   */
  readonly answerWhen: 'booked' | 'received';
}

interface Storing {
  readonly stream: PassThrough;
  readonly received: Promise<ReceivedObject>;
}

/** Objects of one association that are read, but not yet booked. */
const MOST_PENDING = 64;

/**
 * One association over a socket of ours, in either role. The library has no way to bring one's own socket to its client, so
 * both roles stand on its Scp. Whatever goes wrong, the first of it is what `untilFailure` throws, and the socket is gone.
 */
export class Link extends dimse.Scp {
  private readonly ended = new AbortController();
  private readonly guard = new PduGuard();
  private storing: Storing | undefined;
  private status = PROCESSING_FAILURE;
  private readonly unbooked = new Set<Promise<StoredOutcome>>();

  constructor(
    private readonly connection: Socket,
    private readonly options: LinkOptions,
    signal: AbortSignal,
  ) {
    // Before the library's own listener: what is too large never reaches it whole.
    let inspect: (chunk: Buffer) => void = () => {};
    connection.on('data', (chunk: Buffer) => inspect(chunk));
    super(connection, { connectTimeout: options.idleMs, associationTimeout: options.idleMs, pduTimeout: 2 ** 31 });
    inspect = (chunk) => this.inspect(chunk);
    connection.setNoDelay(true);
    connection.setKeepAlive(true, KEEP_ALIVE_MS);
    const stop = () => this.abortWith(stopReason(signal));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.on('networkError', (cause: Error) => this.fail(new ConsiliumError('PACS_UNREACHABLE', {}, cause)));
    this.on('close', () => {
      signal.removeEventListener('abort', stop);
      this.fail(new ConsiliumError('PACS_UNREACHABLE', { problem: 'the connection was closed' }));
    });
  }

  /** True while the peer owes the rest of something. */
  get isReceiving(): boolean {
    return this.guard.isInsidePdu || (this.storing !== undefined && !this.storing.stream.writableEnded);
  }

  /** Rejects when the link has failed, with the reason; otherwise as `work`. */
  async untilFailure<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.ended;
    if (signal.aborted) throw signal.reason;
    let stop = () => {};
    const failed = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
    });
    return Promise.race([work, failed]).finally(() => signal.removeEventListener('abort', stop));
  }

  /** The first failure counts. */
  fail(reason: unknown): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort(reason);
    this.storing?.stream.destroy(reason instanceof Error ? reason : undefined);
    this.connection.destroy();
  }

  /** Tells the peer, and waits for nothing. */
  abortWith(reason: unknown): void {
    if (this.ended.signal.aborted) return;
    this.connection.write(A_ABORT);
    this.connection.end();
    this.ended.abort(reason);
    this.storing?.stream.destroy(reason instanceof Error ? reason : undefined);
    setTimeout(() => this.connection.destroy(), 100).unref();
  }

  /** Settles when the socket is closed, however it was. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.connection.closed) resolve();
      else this.connection.once('close', () => resolve());
    });
  }

  /** Sends a request; answers its last status, and calls back with each answer. Errors  as `untilFailure`; PACS_REFUSED. */
  ask(
    association: Association,
    request: requests.Request,
    onAnswer: (answer: responses.Response) => void = () => {},
  ): Promise<responses.Response> {
    if (!association.getAcceptedPresentationContextFromRequest(request))
      throw new ConsiliumError('PACS_REFUSED', { problem: 'the PACS does not offer this service' });
    const answered = new Promise<responses.Response>((resolve, reject) => {
      request.on('response', (answer: responses.Response) => {
        const status: unknown = answer.getStatus();
        if (typeof status !== 'number') reject(new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'no status' }));
        try {
          onAnswer(answer);
        } catch (error) {
          reject(error);
        }
        if (STATUS_PENDING.has(answer.getStatus())) return;
        this.forgetRequests();
        resolve(answer);
      });
    });
    this.sendRequests(request);
    return this.untilFailure(answered);
  }

  /** Writes PDUs behind a command that was just sent, no faster than the peer takes them. Errors  as `untilFailure`. */
  async write(pdus: AsyncIterable<Buffer>): Promise<void> {
    for await (const pdu of pdus)
      if (!this.connection.write(pdu))
        await this.untilFailure(new Promise((drained) => this.connection.once('drain', drained)));
  }

  /** Closes once what was written has gone out. */
  protected endAfterWriting(): void {
    this.connection.end();
    setTimeout(() => this.fail(new ConsiliumError('PACS_UNREACHABLE')), 2000).unref();
  }

  override createStoreWritableStream(context: PresentationContext, request: requests.CStoreRequest): Writable {
    const stream = new PassThrough({ highWaterMark: 1 << 20 });
    stream.on('error', () => {}); // the intake has it as well
    const received = this.receive(stream, context, request);
    void this.watchEarlyEnd(stream, received);
    this.storing = { stream, received };
    this.guard.isStoring = true;
    return stream;
  }

  override createDatasetFromStoreWritableStream(
    _stream: Writable,
    _context: PresentationContext,
    callback: (dataset: Dataset) => void,
  ): void {
    const { received } = this.storing!;
    this.guard.isStoring = false;
    void this.finishStoring(received, callback);
  }

  private async finishStoring(received: Promise<ReceivedObject>, callback: (dataset: Dataset) => void): Promise<void> {
    try {
      this.status = await this.statusOf(received);
    } catch (error) {
      this.status = errorCode(error) === 'DISK_FULL' ? OUT_OF_RESOURCES : PROCESSING_FAILURE;
      this.storeFailed(error);
    }
    this.storing = undefined;
    if (this.ended.signal.aborted) return;
    try {
      // The object is on disk: the library gets none to hold.
      callback(undefined as unknown as Dataset);
    } catch (error) {
      // A peer that says more before it was answered has confused the library.
      this.abortWith(new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'a peer that does not wait' }, error));
    }
  }

  /** When everything that was received is booked. Errors  DISK_FULL. */
  async booked(): Promise<void> {
    await Promise.all(this.unbooked);
  }

  override cStoreRequest(request: requests.CStoreRequest, callback: (answer: responses.CStoreResponse) => void): void {
    const answer = dimse.responses.CStoreResponse.fromRequest(request);
    answer.setStatus(this.status);
    callback(answer);
  }

  override abort(): void {
    this.fail(new ConsiliumError('PACS_UNREACHABLE', { problem: 'the peer aborted' }));
  }

  /** What a failure to store means for the whole of what is being done. */
  protected storeFailed(error: unknown): void {
    this.abortWith(error);
  }

  private async receive(stream: PassThrough, context: PresentationContext, request: requests.CStoreRequest) {
    const { intake } = this.options;
    if (!intake) throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an object that nobody has asked for' });
    const head = part10Head({
      sopClassUid: request.getAffectedSopClassUid(),
      sopUid: request.getAffectedSopInstanceUid(),
      transferSyntaxUid: context.getAcceptedTransferSyntaxUid() ?? '',
    });
    return intake.receive(withHead(head, stream), this.ended.signal);
  }

  private async statusOf(received: Promise<ReceivedObject>): Promise<number> {
    const { booked } = await received;
    if (this.options.answerWhen === 'booked') return STATUS_OF_OUTCOME[await booked];
    const settled = booked.finally(() => this.unbooked.delete(settled));
    settled.catch((error) => this.storeFailed(error));
    this.unbooked.add(settled);
    if (this.unbooked.size >= MOST_PENDING) await Promise.race(this.unbooked);
    return 0;
  }

  /** What is not wanted to its end, or cannot be kept, is broken off where it is. */
  private async watchEarlyEnd(stream: PassThrough, received: Promise<ReceivedObject>): Promise<void> {
    try {
      await received;
      if (!stream.writableEnded)
        this.abortWith(new ConsiliumError('PACS_REFUSED', { problem: 'an object is larger than this site takes' }));
    } catch (error) {
      if (!stream.writableEnded) this.storeFailed(error);
    }
  }

  private inspect(chunk: Buffer): void {
    const problem = this.guard.inspect(chunk);
    if (problem !== undefined) this.abortWith(new ConsiliumError('PACS_ANSWER_INVALID', { problem }));
    // The library reads on while a disk is slow; this holds the peer.
    const stream = this.storing?.stream;
    if (stream?.writableNeedDrain && !stream.destroyed) {
      this.connection.pause();
      stream.once('drain', () => this.connection.resume());
      stream.once('close', () => this.connection.resume());
    }
  }

  /** The library keeps every request that it has ever sent. */
  private forgetRequests(): void {
    (this as unknown as { pending: unknown[] }).pending.length = 0;
  }
}

/** A-ABORT by the service user, without a reason. */
const A_ABORT = Buffer.from([7, 0, 0, 0, 0, 4, 0, 0, 0, 0]);

async function* withHead(head: Buffer, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* stream;
}
