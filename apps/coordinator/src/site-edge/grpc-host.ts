import { errorCode } from '@consilium/errors';
import { addService, createServer, listen, type Server, type ServerCall, stopServer } from '@consilium/grpc';
import { CoordinatorService } from '@consilium/proto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { withDatabaseErrors } from '../platform/database-error.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { ServerCertificate } from '../platform/server-certificate.js';
import { CallBudget, type CallKind } from './call-budget.js';
import { Caller } from './caller.js';
import { ResultEdge } from './result.grpc.js';
import { TransferEdge } from './transfer.grpc.js';
import { WorkEdge } from './work.grpc.js';

const STOP_GRACE_MS = 1000;
/** Where nobody sends the signal that says so, a certificate that was renewed is found by looking. */
const LOOK_FOR_CERTIFICATE_MS = 60_000;

/** The server that sites dial. Each handler finds out who calls, decodes, calls one service method, and encodes the answer. */
@Injectable()
export class GrpcHost implements BeforeApplicationShutdown {
  private server: Server | null = null;
  private looking: NodeJS.Timeout | undefined;
  private readonly budget = new CallBudget();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'grpc' | 'readTls'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly certificate: ServerCertificate,
    private readonly caller: Caller,
    private readonly work: WorkEdge,
    private readonly transfers: TransferEdge,
    private readonly results: ResultEdge,
  ) {}

  /** Starts to listen and answers the address. Errors  ADDRESS_IN_USE, CERTIFICATE_INVALID. */
  async start(): Promise<string> {
    const { host, port } = this.config.grpc;
    this.server = createServer();
    const { work, transfers, results } = this;
    const handlers = {
      hello: this.answering('hello', work.hello),
      pollWork: this.answering('pollWork', work.pollWork),
      answerInvitation: this.answering('answerInvitation', work.answerInvitation),
      reportProgress: this.answering('reportProgress', work.reportProgress),
      fetchChunks: this.streaming('fetchChunks', transfers.fetchChunks),
      offerManifest: this.answering('offerManifest', transfers.offerManifest),
      putChunks: this.answering('putChunks', transfers.putChunks),
      submitUpdate: this.answering('submitUpdate', results.submitUpdate),
      submitEvaluation: this.answering('submitEvaluation', results.submitEvaluation),
      leaveRun: this.answering('leaveRun', work.leaveRun),
    };
    addService(this.server, CoordinatorService, handlers, {
      onError: (error, call) => this.refused(error, call),
    });
    this.certificate.take(this.config.readTls());
    const bound = await listen(this.server, this.config.readTls(), host, port);
    this.looking = setInterval(() => this.renewCertificate(), LOOK_FOR_CERTIFICATE_MS).unref();
    return `${host}:${bound}`;
  }

  /** Takes the certificate that lies on the disk now, if it is another. One that cannot be used changes nothing. */
  renewCertificate(): void {
    try {
      const tls = this.config.readTls();
      if (tls.certificate === this.certificate.pem) {
        this.certificate.remind();
        return;
      }
      this.server?.door?.renew(tls);
      this.certificate.take(tls);
    } catch (error) {
      this.logger.error(errorFields(error), 'the new certificate cannot be used; the old one stays');
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.looking);
    if (this.server !== null) await stopServer(this.server, STOP_GRACE_MS);
  }

  /** A handler whose site may call so often, and whose errors are ours: sites retry when the database is away. */
  private answering<R, A>(kind: CallKind, handle: (request: R, call: ServerCall) => Promise<A>) {
    return async (request: R, call: ServerCall): Promise<A> => {
      try {
        this.spend(kind, call);
        return await handle(request, call);
      } catch (error) {
        throw withDatabaseErrors(error);
      }
    };
  }

  private streaming<R, A>(kind: CallKind, handle: (request: R, call: ServerCall) => AsyncIterable<A>) {
    const spend = (call: ServerCall) => this.spend(kind, call);
    return async function* (request: R, call: ServerCall): AsyncIterable<A> {
      try {
        spend(call);
        yield* handle(request, call);
      } catch (error) {
        throw withDatabaseErrors(error);
      }
    };
  }

  private spend(kind: CallKind, call: ServerCall): void {
    this.budget.spend(this.caller.member(call), kind, () => this.server?.door?.cut(call.peer));
  }

  /** A flood of calls must not become a flood of lines. */
  private refused(error: unknown, call: ServerCall): void {
    const level = errorCode(error) === 'RATE_LIMITED' ? 'debug' : 'warn';
    this.logger[level]({ path: call.path, ...errorFields(error) }, 'call refused');
  }
}
