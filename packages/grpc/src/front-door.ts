import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { ConsiliumError } from '@consilium/errors';
import { refusePublicRoots, type TlsIdentity } from './connection-options.js';
import { type Rate, TokenBucket } from './token-bucket.js';

/** How many connections the server of a federation holds. */
export interface DoorLimits {
  readonly connections: number;
  /** Of one client, by the names in its certificate; the oldest is cut for a new one, since its network may have gone. */
  readonly ofOneClient: number;
  /** Connections whose TLS handshake is not over, and those of them from one address. */
  readonly handshakes: number;
  readonly handshakesOfOneAddress: number;
  readonly handshakeTimeoutMs: number;
  /** New connections of one address, before anything is computed for them. Sites behind one address share it. */
  readonly newOfOneAddress: Rate;
  /** New connections of one client. */
  readonly newOfOneClient: Rate;
}

export const DOOR_LIMITS: DoorLimits = {
  connections: 4096,
  ofOneClient: 4,
  // A handshake costs milliseconds: what is begun at once is what the calls of others wait for. Who is sent away comes again.
  handshakes: 64,
  handshakesOfOneAddress: 16,
  handshakeTimeoutMs: 10_000,
  newOfOneAddress: { burst: 512, perMinute: 1200 },
  newOfOneClient: { burst: 60, perMinute: 60 },
};

const BUCKETS_KEPT = 10_000;

/**
 * The listening socket: mutual TLS 1.3, and who may have how many connections. gRPC sees a connection only when it is of a client
 * whose certificate is of our authority.
 */
export class FrontDoor {
  private readonly server: Server;
  private readonly beforeHandshake = new Map<string, Socket>();
  private readonly clients = new Map<string, Set<TLSSocket>>();
  private readonly sockets = new Map<string, TLSSocket>();
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(
    tls: TlsIdentity,
    private readonly admit: (connection: TLSSocket) => void,
    private readonly limits: DoorLimits = DOOR_LIMITS,
  ) {
    this.server = createServer({
      ...contextOf(tls),
      ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
      handshakeTimeout: limits.handshakeTimeoutMs,
      highWaterMark: 64 * 1024,
    });
    this.server.maxConnections = limits.connections;
    this.server.on('connection', (socket: Socket) => this.knocked(socket));
    this.server.on('secureConnection', (socket) => this.entered(socket));
    // A handshake that fails ends its own socket; there is nobody to tell.
    this.server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  /** Answers the port. Errors  ADDRESS_IN_USE. */
  async listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => reject(new ConsiliumError('ADDRESS_IN_USE', { host, port }, error)));
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** From the next connection on; those that are open go on. Errors  CERTIFICATE_INVALID, and nothing is changed. */
  renew(tls: TlsIdentity): void {
    const context = contextOf(tls);
    try {
      this.server.setSecureContext(context);
    } catch (error) {
      throw new ConsiliumError('CERTIFICATE_INVALID', {}, error);
    }
  }

  /** Cuts a connection by the address of its peer. */
  cut(peer: string): void {
    this.sockets.get(peer)?.destroy();
  }

  /** Takes no more connections; done when the last one has ended. */
  async close(): Promise<void> {
    for (const socket of this.beforeHandshake.values()) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Cuts all connections. */
  cutAll(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  private knocked(socket: Socket): void {
    const { remoteAddress: address = '' } = socket;
    const ofAddress = [...this.beforeHandshake.values()].filter((other) => other.remoteAddress === address);
    const isTooMany =
      this.beforeHandshake.size >= this.limits.handshakes || ofAddress.length >= this.limits.handshakesOfOneAddress;
    if (isTooMany || this.bucket(`address ${address}`, this.limits.newOfOneAddress).take() > 0) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.beforeHandshake.set(peer, socket);
    socket.once('close', () => this.beforeHandshake.delete(peer));
  }

  private entered(socket: TLSSocket): void {
    const peer = peerOf(socket);
    this.beforeHandshake.delete(peer);
    // Broken connections are the client's business; without a listener they would be ours.
    socket.on('error', () => {});
    const client = socket.getPeerCertificate().subjectaltname ?? '';
    if (this.bucket(`client ${client}`, this.limits.newOfOneClient).take() > 0) {
      socket.destroy();
      return;
    }
    const others = this.clients.get(client) ?? new Set();
    this.clients.set(client, others);
    if (others.size >= this.limits.ofOneClient) for (const oldest of [...others].slice(0, 1)) oldest.destroy();
    others.add(socket);
    this.sockets.set(peer, socket);
    socket.once('close', () => {
      this.sockets.delete(peer);
      others.delete(socket);
      if (others.size === 0) this.clients.delete(client);
    });
    this.admit(socket);
  }

  private bucket(name: string, rate: Rate): TokenBucket {
    let bucket = this.buckets.get(name);
    if (bucket === undefined) {
      // Nobody is forgotten who still has to wait, unless so many come that memory would be the danger.
      if (this.buckets.size >= BUCKETS_KEPT)
        for (const [key, old] of this.buckets) if (old.isFull) this.buckets.delete(key);
      if (this.buckets.size >= BUCKETS_KEPT) this.buckets.clear();
      bucket = new TokenBucket(rate);
      this.buckets.set(name, bucket);
    }
    return bucket;
  }
}

/** Errors  CERTIFICATE_INVALID without an authority. */
function contextOf(tls: TlsIdentity) {
  refusePublicRoots(tls);
  return { ca: tls.ca, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.3' } as const;
}

function peerOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
