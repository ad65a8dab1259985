import { type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { addService, createServer, listen, type ServerCall, siteIdentity, stopServer } from '@consilium/grpc';
import { createAuthority, issueCoordinatorCertificate, issueSiteCertificate } from '@consilium/pki';
import {
  type AnswerInvitationRequest,
  CoordinatorService,
  type HelloRequest,
  type LeaveRunRequest,
  Order,
  type PollWorkResponseSchema,
  PutChunksRequestSchema,
  type ReportProgressRequest,
  ReportProgressRequestSchema,
  type SubmitEvaluationRequest,
  type SubmitUpdateRequest,
} from '@consilium/proto';
import { chunksOf, type Manifest, manifestDigest, payloadBytes, sha256Hex } from '@consilium/tensors';
import { digestBytes, digestHex } from '../connection/wire.js';

type WorkItem = MessageShape<typeof PollWorkResponseSchema>['work'];

/** A coordinator of a few maps: real gRPC, real mutual TLS, no rules. Tests put work in and look at what came back. */
export class FakeCoordinator {
  readonly hellos: HelloRequest[] = [];
  readonly answers: AnswerInvitationRequest[] = [];
  readonly progress: ReportProgressRequest[] = [];
  readonly updates: SubmitUpdateRequest[] = [];
  readonly evaluations: SubmitEvaluationRequest[] = [];
  readonly left: LeaveRunRequest[] = [];
  /** Names of calls in the order in which they came. */
  readonly calls: string[] = [];
  /** Every byte that sites sent. */
  readonly received: Uint8Array[] = [];
  readonly chunks = new Map<string, Uint8Array>();
  readonly fetchedOffsets: number[] = [];
  readonly putOffsets: number[] = [];
  auditSize = 100;
  order = Order.CONTINUE;
  /** What every poll is answered with instead of work. */
  refusal: ErrorCode | undefined;
  /** What the next greeting is answered with, once. */
  helloRefusal: ErrorCode | undefined;
  /** Breaks the n-th message of a stream of chunks, once. */
  cutFetchAt: number | undefined;
  cutPutAt: number | undefined;
  pieceBytes = 1 << 18;

  readonly receipts = new Map<string, { id: string; auditIndex: bigint; auditLeafHash: Uint8Array<ArrayBuffer> }>();

  private readonly work: WorkItem[] = [];
  private readonly models = new Map<string, Uint8Array[]>();
  private wake = Promise.withResolvers<void>();
  private readonly server = createServer();
  port = 0;

  private constructor(
    readonly tlsOfSite: (
      siteId: string,
      validDays?: number,
    ) => Promise<{ ca: string; certificate: string; key: string }>,
  ) {}

  static async start(federation = 'test-federation'): Promise<FakeCoordinator> {
    const authority = await createAuthority({ federation });
    const fake = new FakeCoordinator((siteId, validDays = 365) =>
      issueSiteCertificate(authority, { siteId, validDays }),
    );
    const tls = await issueCoordinatorCertificate(authority, { hosts: ['127.0.0.1', 'localhost'] });
    fake.addHandlers();
    fake.port = await listen(fake.server, tls, '127.0.0.1', 0);
    return fake;
  }

  async stop(): Promise<void> {
    await stopServer(this.server, 50);
  }

  give(work: WorkItem): void {
    this.work.push(work);
    this.wake.resolve();
  }

  addModel(manifest: Manifest, values: Float32Array): string {
    const digest = manifestDigest(manifest);
    this.models.set(digest, [...chunksOf(payloadBytes(values))]);
    return digest;
  }

  /** The values of an update that has arrived. */
  valuesOf(update: SubmitUpdateRequest): Float32Array {
    const chunks = update.manifest!.chunkDigests.map((digest) => this.chunks.get(digestHex(digest))!);
    const bytes = new Uint8Array(Buffer.concat(chunks));
    return new Float32Array(bytes.buffer);
  }

  private addHandlers(): void {
    /** The same id has the same receipt, however often it is asked for. */
    const receipt = (id: string) => {
      const known = this.receipts.get(id) ?? {
        id,
        auditIndex: BigInt(this.auditSize++),
        auditLeafHash: new Uint8Array(32),
      };
      this.receipts.set(id, known);
      return known;
    };
    addService(this.server, CoordinatorService, {
      hello: async (request, call) => {
        this.calls.push('hello');
        this.hellos.push(request);
        const { helloRefusal } = this;
        this.helloRefusal = undefined;
        if (helloRefusal) throw new ConsiliumError(helloRefusal, { retryAfterMs: 700 });
        return { ...siteIdentity(call), coordinatorVersion: 'fake', auditSize: BigInt(this.auditSize) };
      },
      pollWork: async ({ waitMs }, call) => {
        this.calls.push('pollWork');
        return this.nextWork(Math.min(waitMs, 2000), call);
      },
      answerInvitation: async (request) => {
        this.answers.push(request);
        return {};
      },
      reportProgress: async (request) => {
        this.progress.push(request);
        this.received.push(toBinary(ReportProgressRequestSchema, request));
        return { order: this.order };
      },
      fetchChunks: (request) => this.fetch(request.modelDigest, request.ranges),
      offerManifest: async ({ manifest }) => ({
        missing: manifest!.chunkDigests
          .map((digest) => ({ digest, offset: BigInt(this.chunks.get(digestHex(digest))?.length ?? 0) }))
          .filter(
            ({ digest }) => sha256Hex(this.chunks.get(digestHex(digest)) ?? new Uint8Array()) !== digestHex(digest),
          ),
      }),
      putChunks: async (requests) => {
        let bytesReceived = 0n;
        let n = 0;
        for await (const request of requests) {
          const { digest, offset, data } = request.piece!;
          if (n++ === this.cutPutAt) {
            this.cutPutAt = undefined;
            throw new ConsiliumError('DATABASE_UNAVAILABLE');
          }
          this.putOffsets.push(Number(offset));
          const begun = this.chunks.get(digestHex(digest)) ?? new Uint8Array();
          if (begun.length !== Number(offset)) throw new ConsiliumError('CHUNK_CORRUPT');
          this.chunks.set(digestHex(digest), Buffer.concat([begun, data]));
          this.received.push(toBinary(PutChunksRequestSchema, request));
          bytesReceived += BigInt(data.length);
        }
        return { bytesReceived };
      },
      submitUpdate: async (request) => {
        this.updates.push(request);
        return { receipt: receipt(request.updateId) };
      },
      submitEvaluation: async (request) => {
        this.evaluations.push(request);
        return { receipt: receipt(request.evaluationId) };
      },
      leaveRun: async (request) => {
        this.calls.push('leaveRun');
        this.left.push(request);
        return { receipt: receipt(request.runId) };
      },
    });
  }

  private async nextWork(waitMs: number, call: ServerCall) {
    if (this.refusal) throw new ConsiliumError(this.refusal);
    if (this.work.length === 0) {
      const wake = Promise.withResolvers<void>();
      this.wake = wake;
      const timer = setTimeout(wake.resolve, waitMs);
      call.signal.addEventListener('abort', () => wake.resolve());
      await wake.promise;
      clearTimeout(timer);
    }
    const work = call.signal.aborted ? undefined : this.work.shift();
    return { work: (work ?? { case: undefined }) as never };
  }

  private async *fetch(modelDigest: Uint8Array, ranges: readonly { digest: Uint8Array; offset: bigint }[]) {
    const chunks = new Map(this.models.get(digestHex(modelDigest))!.map((chunk) => [sha256Hex(chunk), chunk]));
    let n = 0;
    for (const { digest, offset } of ranges) {
      this.fetchedOffsets.push(Number(offset));
      const chunk = chunks.get(digestHex(digest))!;
      for (let at = Number(offset); at < chunk.length; at += this.pieceBytes) {
        if (n++ === this.cutFetchAt) {
          this.cutFetchAt = undefined;
          throw new ConsiliumError('DATABASE_UNAVAILABLE');
        }
        yield {
          piece: {
            digest: digestBytes(sha256Hex(chunk)),
            offset: BigInt(at),
            data: chunk.subarray(at, at + this.pieceBytes),
          },
        };
      }
    }
  }
}
