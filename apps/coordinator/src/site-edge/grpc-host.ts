import { addService, createServer, listen, type Server, stopServer } from '@consilium/grpc';
import { CoordinatorService } from '@consilium/proto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { withDatabaseErrors } from '../platform/database-error.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { ResultEdge } from './result.grpc.js';
import { TransferEdge } from './transfer.grpc.js';
import { WorkEdge } from './work.grpc.js';

const STOP_GRACE_MS = 1000;

/** The server that sites dial. Each handler finds out who calls, decodes, calls one service method, and encodes the answer. */
@Injectable()
export class GrpcHost implements BeforeApplicationShutdown {
  private server: Server | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'grpc' | 'tls'>,
    @Inject(LOGGER) private readonly logger: Logger,
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
      hello: answering(work.hello),
      pollWork: answering(work.pollWork),
      answerInvitation: answering(work.answerInvitation),
      reportProgress: answering(work.reportProgress),
      fetchChunks: streaming(transfers.fetchChunks),
      offerManifest: answering(transfers.offerManifest),
      putChunks: answering(transfers.putChunks),
      submitUpdate: answering(results.submitUpdate),
      submitEvaluation: answering(results.submitEvaluation),
    };
    addService(this.server, CoordinatorService, handlers, {
      onError: (error, call) => this.logger.warn({ path: call.path, ...errorFields(error) }, 'call refused'),
    });
    return `${host}:${await listen(this.server, this.config.tls, host, port)}`;
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.server !== null) await stopServer(this.server, STOP_GRACE_MS);
  }
}

/** A handler whose errors are ours: sites retry when the database is away. */
function answering<A extends unknown[], R>(handle: (...call: A) => Promise<R>): (...call: A) => Promise<R> {
  return async (...call) => {
    try {
      return await handle(...call);
    } catch (error) {
      throw withDatabaseErrors(error);
    }
  };
}

function streaming<A extends unknown[], R>(handle: (...call: A) => AsyncIterable<R>): (...call: A) => AsyncIterable<R> {
  return async function* (...call) {
    try {
      yield* handle(...call);
    } catch (error) {
      throw withDatabaseErrors(error);
    }
  };
}
