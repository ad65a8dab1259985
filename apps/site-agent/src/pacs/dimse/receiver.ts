import { createServer, isIP, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { systemCode } from '@consilium/durability';
import { ConsiliumError, errorCode } from '@consilium/errors';
import dimse, { type requests, type responses } from 'dcmjs-dimse';
import { stopReason } from '../../platform/stopping.js';
import { CredentialReader } from '../credentials.js';
import type { Intake } from '../pacs.js';
import { pinAddress, type Resolve } from '../pinned-address.js';
import type { ReceiverSettings } from '../settings.js';
import { type Association, Link, type LinkOptions } from './link.js';
import { SlowPeerWatch } from './slow-peer-watch.js';
import { isStorageClass, isTransferSyntax } from './transfer-syntaxes.js';

const IDLE_MS = 60_000;
/** Sockets, whatever they turn out to be; associations beyond what was asked for are told to come later. */
const MOST_SOCKETS = 64;
const MOST_ASSOCIATIONS = 16;

const { PresentationContextResult, RejectReason, RejectResult, RejectSource } = dimse.constants;

export interface ReceiverSite {
  readonly root: string;
  readonly settings: ReceiverSettings;
  readonly answerWhen: LinkOptions['answerWhen'];
  readonly associations?: number;
  /** Whether anything may come at this hour. */
  readonly isOpen?: () => boolean;
}

/** Failures to store that are no matter of this site's. */
const OF_THE_PEER: ReadonlySet<string> = new Set(['PACS_UNREACHABLE', 'PACS_ANSWER_INVALID', 'STOPPED']);

/** An intake for what is being taken in, and what to do when it fails for good (a full disk). */
interface Taking {
  readonly intake: Intake;
  readonly fail: (error: unknown) => void;
}

/**
 * Listens for peers that store objects here (C-STORE SCP, C-ECHO SCP). Only peers of the settings are let in: by address
 * before they have said a word, by both AE titles after the first.
 */
export class Receiver {
  private readonly links = new Set<Link>();
  private takings: Taking[] = [];
  /** When something was last heard of a peer. */
  lastHeardAt = Date.now();

  private constructor(
    private readonly site: ReceiverSite,
    private readonly server: Server,
    private readonly peers: ReadonlyMap<string, ReadonlySet<string>>,
    private readonly signal: AbortSignal,
  ) {}

  /** Errors  ADDRESS_IN_USE, CONFIG_INVALID (credentials), PACS_UNREACHABLE (a peer's name is unknown). */
  static async start(site: ReceiverSite, signal: AbortSignal, resolve?: Resolve): Promise<Receiver> {
    const { settings } = site;
    const credentials = new CredentialReader(site.root);
    const tls = settings.tls && credentials.tls(settings.tls);
    credentials.throwIfAny('receiver');
    const peers = await addressesOf(settings, signal, resolve);
    const server = tls
      ? createTlsServer({
          ca: tls.ca,
          cert: tls.certificate,
          key: tls.key,
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
          handshakeTimeout: 10_000,
        })
      : createServer();
    const receiver = new Receiver(site, server, peers, signal);
    // A stranger is turned away before TLS begins.
    server.on('connection', (socket: Socket) => receiver.turnStrangersAway(socket));
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => receiver.accept(socket));
    server.on('tlsClientError', () => {}); // the socket is closed; the peer knows why
    await listen(server, settings);
    const stop = () => void receiver.close(stopReason(signal));
    signal.addEventListener('abort', stop, { once: true });
    server.once('close', () => signal.removeEventListener('abort', stop));
    return receiver;
  }

  get aeTitle(): string {
    return this.site.settings.aeTitle;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.site.settings.port;
  }

  /** Peers that are connected now. */
  get associations(): number {
    return this.links.size;
  }

  /** Objects go to the intake while `work` runs. Errors  what `work` throws; DISK_FULL and the like of the intake. */
  async taking<T>(intake: Intake, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const failed = new AbortController();
    const taking = { intake, fail: (error: unknown) => failed.abort(error) };
    this.takings = [...this.takings, taking];
    try {
      const result = await work(AbortSignal.any([signal, failed.signal]));
      await Promise.all([...this.links].map((link) => link.booked()));
      return result;
    } catch (error) {
      throw failed.signal.aborted ? failed.signal.reason : error;
    } finally {
      this.takings = this.takings.filter((it) => it !== taking);
    }
  }

  /** Ends every association at once. */
  async close(reason: unknown = new ConsiliumError('STOPPED')): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.server.listening) this.server.close(() => resolve());
      else resolve();
    });
    const links = [...this.links];
    for (const link of links) link.abortWith(reason);
    await Promise.all(links.map((link) => link.closed()));
    await closed;
  }

  private turnStrangersAway(socket: Socket): void {
    socket.on('error', () => {}); // whoever reads it hears of it too
    const isKnown = [...this.peers.values()].some((ips) => ips.has(plainIp(socket)));
    if (!isKnown || this.links.size >= MOST_SOCKETS || this.signal.aborted) socket.destroy();
  }

  private accept(socket: Socket): void {
    if (socket.destroyed) return;
    // All of what is being taken goes through one intake: they share the inbox, which knows what it waits for.
    const intake: Intake = {
      receive: (bytes, signal) => {
        const taking = this.takings[0];
        if (!taking) throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'nothing is being taken' });
        return taking.intake.receive(this.heard(bytes), signal);
      },
    };
    const options = { idleMs: IDLE_MS, intake, answerWhen: this.site.answerWhen };
    const link = new StoringLink(
      socket,
      options,
      this.signal,
      (association) => this.judge(association, socket),
      (error) => {
        if (!OF_THE_PEER.has(errorCode(error))) for (const { fail } of this.takings) fail(error);
      },
    );
    this.links.add(link);
    this.lastHeardAt = Date.now();
    const watch = new SlowPeerWatch(
      socket,
      () => link.isReceiving || !link.isAssociated,
      () => link.abortWith(new ConsiliumError('PACS_UNREACHABLE', { problem: 'the peer is too slow' })),
    );
    void link.closed().then(() => {
      watch.stop();
      this.links.delete(link);
      this.lastHeardAt = Date.now();
    });
  }

  private async *heard(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.lastHeardAt = Date.now();
      yield chunk;
    }
  }

  /** Why an association is rejected, if it is. */
  private judge(association: Association, socket: Socket): Rejection | undefined {
    const { settings, associations = MOST_ASSOCIATIONS, isOpen = () => true } = this.site;
    if (association.getCalledAeTitle() !== settings.aeTitle)
      return { ...FOR_GOOD, reason: RejectReason.CalledAeNotRecognized };
    const isKnown = this.peers.get(association.getCallingAeTitle())?.has(plainIp(socket));
    if (!isKnown) return { ...FOR_GOOD, reason: RejectReason.CallingAeNotRecognized };
    return this.links.size > associations || !isOpen() ? FOR_NOW : undefined;
  }
}

interface Rejection {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

const FOR_GOOD = { result: RejectResult.Permanent, source: RejectSource.ServiceUser };
const FOR_NOW: Rejection = {
  result: RejectResult.Transient,
  source: RejectSource.ServiceProviderPresentation,
  reason: RejectReason.TemporaryCongestion,
};

/** The accepting role: what a peer may do is to greet and to store. */
class StoringLink extends Link {
  isAssociated = false;

  constructor(
    socket: Socket,
    options: LinkOptions,
    signal: AbortSignal,
    private readonly judge: (association: Association) => Rejection | undefined,
    private readonly onStoreFailed: (error: unknown) => void,
  ) {
    super(socket, options, signal);
  }

  override associationRequested(association: Association): void {
    const rejection = this.judge(association);
    if (rejection) {
      this.sendAssociationReject(rejection.result, rejection.source, rejection.reason);
      this.endAfterWriting();
      return;
    }
    association.setNegotiateAsyncOps(false);
    for (const { context } of association.getPresentationContexts()) {
      const isEcho = context.getAbstractSyntaxUid() === dimse.constants.SopClass.Verification;
      const syntax = context.getTransferSyntaxUids().find(isTransferSyntax);
      if (!isEcho && !isStorageClass(context.getAbstractSyntaxUid()))
        context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
      else if (syntax === undefined) context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
      else context.setResult(PresentationContextResult.Accept, syntax);
    }
    this.isAssociated = true;
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.endAfterWriting();
  }

  override cEchoRequest(request: requests.CEchoRequest, callback: (answer: responses.CEchoResponse) => void): void {
    const answer = dimse.responses.CEchoResponse.fromRequest(request);
    answer.setStatus(0);
    callback(answer);
  }

  protected override storeFailed(error: unknown): void {
    this.onStoreFailed(error);
  }
}

/** Addresses by AE title. Every peer's name is looked up once; loopback is a peer only when the settings name it. */
async function addressesOf(settings: ReceiverSettings, signal: AbortSignal, resolve?: Resolve) {
  const peers = new Map<string, Set<string>>();
  for (const { aeTitle, host } of settings.peers) {
    const allowLoopback = isIP(host) !== 0 || host === 'localhost';
    const { ip } = await pinAddress({ host, port: 0, allowLoopback }, signal, resolve);
    peers.set(aeTitle, (peers.get(aeTitle) ?? new Set()).add(ip));
  }
  return peers;
}

function plainIp(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

async function listen(server: Server, { host, port }: ReceiverSettings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  }).catch((error) => {
    const code = systemCode(error);
    throw code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES'
      ? new ConsiliumError('ADDRESS_IN_USE', { port }, error)
      : error;
  });
}
