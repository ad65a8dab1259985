import type { MessageInitShape } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import {
  type CallOptions,
  createClient,
  requireUnexpired,
  type ServiceClient,
  type TlsIdentity,
} from '@consilium/grpc';
import { CoordinatorService, type HelloRequestSchema, type HelloResponse } from '@consilium/proto';
import { errorFields, type Logger } from '../platform/logger.js';
import { stopReason, throwIfStopped } from '../platform/stopping.js';
import { Backoff } from './backoff.js';

export type CoordinatorClient = ServiceClient<typeof CoordinatorService>;
type Hello = MessageInitShape<typeof HelloRequestSchema>;

export interface LinkOptions {
  /** Tried in turn. */
  readonly addresses: readonly string[];
  readonly tls: TlsIdentity;
  /** Random for each life of the agent. */
  readonly instanceId: string;
  readonly hello: () => Hello;
  /** Checks the answer; what it throws ends the agent. */
  readonly onHello: (answer: HelloResponse) => void;
  readonly logger: Logger;
}

/** After these the agent cannot go on by itself: a person has to look. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  'SITE_RUNNING_TWICE',
  'SITE_UNKNOWN',
  'COORDINATOR_LOG_BEHIND',
  'CERTIFICATE_INVALID',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_OF_ANOTHER',
]);

/** Longer than this a coordinator cannot keep an agent from asking again. */
const LONGEST_ASKED_WAIT_MS = 60_000;

/** At the longest pause, about one warning a minute. */
const FAILURES_PER_WARNING = 15;

interface Connection {
  readonly client: CoordinatorClient;
  readonly address: string;
  /** Null when the coordinator wants the greeting later. */
  readonly greeted: Promise<void> | null;
}

/**
 * The one way to the coordinator. Greets it on every new connection, goes to the next address when one does not answer, and
 * repeats calls that may be repeated: all of them, because each names what it is about, and an update its id.
 */
export class CoordinatorLink {
  private connection: Connection | undefined;
  private addressIndex = 0;
  private readonly fatal = new AbortController();

  constructor(private readonly options: LinkOptions) {}

  /** Fires with the error that ends the agent. */
  get fatalSignal(): AbortSignal {
    return this.fatal.signal;
  }

  /**
   * Calls until there is an answer. `attempt` may run several times.
   *
   * Errors   what the coordinator answers; the signal's reason. Never unavailable or ambiguous.
   */
  async call<T>(
    attempt: (client: CoordinatorClient, options: CallOptions) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const backoff = new Backoff();
    for (let failures = 0; ; failures++) {
      try {
        return await this.callOnce(attempt, signal);
      } catch (error) {
        if (!isPassing(error)) throw error;
        const level = failures % FAILURES_PER_WARNING === 0 ? 'warn' : 'debug';
        this.options.logger[level](
          { ...errorFields(error), because: wireText(error) },
          'coordinator does not answer, trying again',
        );
        await backoff.pause(signal, askedToWaitMs(error));
      }
    }
  }

  /** Calls once. Errors  as `call`, and unavailable or ambiguous ones. */
  async callOnce<T>(
    attempt: (client: CoordinatorClient, options: CallOptions) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const stop = AbortSignal.any([signal, this.fatal.signal]);
    throwIfStopped(stop);
    const options = { signal: stop, metadata: { 'consilium-instance': this.options.instanceId } };
    let connection: Connection | undefined;
    let isGreeted = false;
    try {
      connection = this.connect();
      await connection.greeted;
      isGreeted = true;
      return await attempt(connection.client, options);
    } catch (error) {
      // Whatever a greeting failed of, the next call greets anew: every call on this connection would fail of it.
      // Not of a call that came too often: a new connection and its greeting would only be more of them.
      if (connection && (isPassing(error) || !isGreeted) && !isRateLimited(error)) this.drop(connection);
      else if (connection && !isGreeted) this.forget(connection);
      if (stop.aborted) throw stopReason(stop);
      if (error instanceof ConsiliumError && FATAL_CODES.has(error.code)) this.fatal.abort(error);
      throw error;
    }
  }

  /** Says hello again before the next call, because what it says has changed. */
  greetAgain(): void {
    if (!this.connection) return;
    const { client, address } = this.connection;
    this.connection = { client, address, greeted: this.greet(client, address) };
  }

  close(): void {
    this.connection?.client.close();
    this.connection = undefined;
  }

  private connect(): Connection {
    if (this.connection?.greeted === null) this.greetAgain();
    if (this.connection) return this.connection;
    const { addresses, tls } = this.options;
    const address = addresses[this.addressIndex % addresses.length]!;
    // Here it can be said what is wrong: the coordinator would only close the connection.
    requireUnexpired(tls);
    const client = createClient(CoordinatorService, { address, tls });
    this.connection = { client, address, greeted: this.greet(client, address) };
    return this.connection;
  }

  private greet(client: CoordinatorClient, address: string): Promise<void> {
    const options = { metadata: { 'consilium-instance': this.options.instanceId } };
    const greeted = client.hello(this.options.hello(), options).then((answer) => {
      this.options.onHello(answer);
      this.options.logger.info(
        { coordinator: address, coordinatorVersion: answer.coordinatorVersion, auditSize: Number(answer.auditSize) },
        'connected',
      );
    });
    greeted.catch(() => {}); // every caller awaits it, but perhaps not yet
    return greeted;
  }

  /** The next call greets on the same connection. */
  private forget({ client }: Connection): void {
    if (this.connection?.client === client) this.connection = { ...this.connection, greeted: null };
  }

  /** The next call takes the next address. Calls that fail together drop one connection once. */
  private drop(connection: Connection): void {
    if (this.connection?.client !== connection.client) return;
    this.connection = undefined;
    this.addressIndex += 1;
    connection.client.close();
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ConsiliumError && (error.kind === 'unavailable' || error.kind === 'ambiguous');
}

function isRateLimited(error: unknown): error is ConsiliumError {
  return error instanceof ConsiliumError && error.code === 'RATE_LIMITED';
}

function askedToWaitMs(error: unknown): number {
  return isRateLimited(error) ? Math.min(Number(error.detail.retryAfterMs ?? 0), LONGEST_ASKED_WAIT_MS) : 0;
}

/** What the network said: a refused connection, a certificate that is not trusted. */
function wireText(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'details' in cause ? String(cause.details) : undefined;
}
