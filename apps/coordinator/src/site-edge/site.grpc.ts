import { ConsiliumError } from '@consilium/errors';
import { type ServerCall, type ServiceHandlers, siteIdentity } from '@consilium/grpc';
import { type CoordinatorService, Order, type PutChunksRequest } from '@consilium/proto';
import { Inject, Injectable } from '@nestjs/common';
import { EvaluationService } from '../evaluations/evaluation.service.js';
import { CONFIG, type Config } from '../platform/config.js';
import { VERSION } from '../platform/version.js';
import { ProgressService } from '../rounds/progress.service.js';
import { RunDriver } from '../rounds/run-driver.js';
import { TransferService, type UploadPiece } from '../rounds/transfer.service.js';
import { UpdateService } from '../rounds/update.service.js';
import { WorkService } from '../rounds/work.service.js';
import { InvitationService } from '../runs/invitation.service.js';
import { RunRepository } from '../runs/run.repository.js';
import { SiteService } from '../sites/site.service.js';
import * as wire from './wire.js';
import { workToWire } from './work-to-wire.js';

type Handlers = ServiceHandlers<typeof CoordinatorService>;

/** Names the agent's instance in every call after Hello. */
const INSTANCE = 'consilium-instance';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What sites may ask. Each handler finds out who calls, decodes, calls one service method, and encodes the answer. */
@Injectable()
export class SiteEdge implements Handlers {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'federation'>,
    private readonly sites: SiteService,
    private readonly runs: RunRepository,
    private readonly driver: RunDriver,
    private readonly invitations: InvitationService,
    private readonly work: WorkService,
    private readonly progress: ProgressService,
    private readonly transfers: TransferService,
    private readonly updates: UpdateService,
    private readonly evaluations: EvaluationService,
  ) {}

  hello: Handlers['hello'] = async (request, call) => {
    const siteId = this.memberOf(call);
    const auditSize = await this.sites.hello(siteId, {
      instanceId: text(request.instanceId),
      startCount: wire.bigCountOf(request.startCount),
      agentVersion: text(request.agentVersion),
      backEnds: request.backEnds.map(({ name, threads }) => ({ name: text(name), threads })),
      datasets: request.datasets.map(({ name, version, train, validation, test }) => ({
        ...{ name: text(name), version: text(version) },
        ...{ train: wire.countOf(train), validation: wire.countOf(validation), test: wire.countOf(test) },
      })),
      lastReceipt: request.lastReceiptAuditIndex ?? null,
    });
    return { federation: this.config.federation, siteId, coordinatorVersion: VERSION, auditSize };
  };

  pollWork: Handlers['pollWork'] = async ({ waitMs }, call) => {
    const siteId = await this.caller(call);
    // A run that waits for its sites goes on when one of them is back.
    for (const runId of await this.runs.waitingFor(siteId)) this.driver.wake(runId);
    return workToWire(await this.work.poll(siteId, waitMs, call.signal));
  };

  answerInvitation: Handlers['answerInvitation'] = async ({ runId, planDigest, answer }, call) => {
    const siteId = await this.caller(call);
    if (answer.case === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'answer' });
    const said =
      answer.case === 'accept'
        ? {
            kind: answer.case,
            datasetVersion: text(answer.value.datasetVersion),
            exampleCount: wire.bigCountOf(answer.value.exampleCount),
          }
        : { kind: answer.case, code: answer.value.code, sentence: answer.value.sentence };
    await this.invitations.answer(siteId, runIdOf(runId), wire.hexOf(planDigest), said);
    return {};
  };

  reportProgress: Handlers['reportProgress'] = async (request, call) => {
    const siteId = await this.caller(call);
    const { round, epoch, epochs, step, steps, loss } = request;
    const order = await this.progress.report(siteId, {
      ...{ runId: runIdOf(request.runId), round, epoch, epochs, step, steps },
      stage: wire.stageFromWire(request.stage),
      bytesDone: wire.bigCountOf(request.bytesDone),
      bytesTotal: wire.bigCountOf(request.bytesTotal),
      loss: loss !== undefined && Number.isFinite(loss) ? loss : null,
      failure: request.failure?.code ?? null,
    });
    return { order: order === 'continue' ? Order.CONTINUE : Order.STOP };
  };

  fetchChunks: Handlers['fetchChunks'] = ({ modelDigest, ranges }, call) => this.fetched(modelDigest, ranges, call);

  offerManifest: Handlers['offerManifest'] = async ({ runId, round, manifest }, call) => {
    const siteId = await this.caller(call);
    const key = { runId: runIdOf(runId), round, siteId };
    const missing = await this.transfers.offer(key, wire.manifestFromWire(manifest));
    return { missing: missing.map(({ digest, offset }) => ({ digest: wire.bytesOf(digest), offset: BigInt(offset) })) };
  };

  putChunks: Handlers['putChunks'] = async (requests, call) => {
    const siteId = await this.caller(call);
    return { bytesReceived: BigInt(await this.transfers.put(siteId, uploadPieces(requests))) };
  };

  submitUpdate: Handlers['submitUpdate'] = async (request, call) => {
    const siteId = await this.caller(call);
    const { updateId, round, baseRound, trainingLoss } = request;
    if (!Number.isFinite(trainingLoss)) throw new ConsiliumError('REQUEST_INVALID', { field: 'trainingLoss' });
    const receipt = await this.updates.submit({
      ...{ runId: runIdOf(request.runId), round, siteId, updateId: text(updateId), baseRound, trainingLoss },
      manifest: wire.manifestFromWire(request.manifest),
      exampleCount: wire.bigCountOf(request.exampleCount),
      localSteps: wire.bigCountOf(request.localSteps),
      baseModelDigest: wire.hexOf(request.baseModelDigest),
    });
    return { receipt: wire.receiptToWire(receipt) };
  };

  submitEvaluation: Handlers['submitEvaluation'] = async (request, call) => {
    const siteId = await this.caller(call);
    const { evaluationId, datasetVersion, result } = request;
    if (result.case === undefined || request.subgroup !== '')
      throw new ConsiliumError('REQUEST_INVALID', { field: 'result' });
    const receipt = await this.evaluations.submit({
      ...{ evaluationId: text(evaluationId), siteId, datasetVersion: text(datasetVersion) },
      modelDigest: wire.hexOf(request.modelDigest),
      split: wire.splitFromWire(request.split),
      result:
        result.case === 'statistics'
          ? { kind: result.case, statistics: wire.statisticsFromWire(result.value) }
          : { kind: result.case, code: result.value.code },
    });
    return { receipt: wire.receiptToWire(receipt) };
  };

  private async *fetched(
    modelDigest: Uint8Array,
    ranges: readonly { digest: Uint8Array; offset: bigint }[],
    call: ServerCall,
  ) {
    const siteId = await this.caller(call);
    const wanted = ranges.map(({ digest, offset }) => ({ digest: wire.hexOf(digest), offset: wire.countOf(offset) }));
    for await (const { digest, offset, data } of this.transfers.fetch(siteId, wire.hexOf(modelDigest), wanted))
      yield { piece: { digest: wire.bytesOf(digest), offset: BigInt(offset), data: data as Uint8Array<ArrayBuffer> } };
  }

  /** The site whose certificate this is. Errors  SITE_UNKNOWN when it is of another federation. */
  private memberOf(call: ServerCall): string {
    const { federation, siteId } = siteIdentity(call);
    if (federation !== this.config.federation) throw new ConsiliumError('SITE_UNKNOWN', { federation });
    return siteId;
  }

  /** The calling site, whose newest instance this is. Errors  SITE_UNKNOWN, SITE_RUNNING_TWICE. */
  private async caller(call: ServerCall): Promise<string> {
    const siteId = this.memberOf(call);
    await this.sites.requireCurrent(siteId, call.metadata(INSTANCE));
    return siteId;
  }
}

const LONGEST_TEXT = 200;

function text(value: string): string {
  if (value.length === 0 || value.length > LONGEST_TEXT)
    throw new ConsiliumError('REQUEST_INVALID', { length: value.length });
  return value;
}

/** An id that is no UUID is the id of no run. */
function runIdOf(runId: string): string {
  if (!UUID.test(runId)) throw new ConsiliumError('SITE_NOT_IN_COHORT', {});
  return runId;
}

async function* uploadPieces(requests: AsyncIterable<PutChunksRequest>): AsyncGenerator<UploadPiece> {
  for await (const { runId, round, piece } of requests) {
    if (piece === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'piece' });
    const { digest, offset, data } = piece;
    yield { runId: runIdOf(runId), round, digest: wire.hexOf(digest), offset: wire.countOf(offset), data };
  }
}
