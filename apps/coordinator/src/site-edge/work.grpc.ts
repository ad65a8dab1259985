import { ConsiliumError } from '@consilium/errors';
import type { ServiceHandlers } from '@consilium/grpc';
import { type CoordinatorService, Order } from '@consilium/proto';
import { Injectable } from '@nestjs/common';
import { VERSION } from '../platform/version.js';
import { ProgressService } from '../rounds/progress.service.js';
import { WorkService } from '../rounds/work.service.js';
import { InvitationService } from '../runs/invitation.service.js';
import { LeaveRun } from '../runs/leave-run.js';
import { SiteService } from '../sites/site.service.js';
import { Caller } from './caller.js';
import * as wire from './wire.js';
import { workToWire } from './work-to-wire.js';

type Handlers = ServiceHandlers<typeof CoordinatorService>;

const MOST_BACK_ENDS = 16;
const MOST_DATASETS = 1000;

/** A site introduces itself, asks for work, answers invitations and reports. */
@Injectable()
export class WorkEdge
  implements Pick<Handlers, 'hello' | 'pollWork' | 'answerInvitation' | 'reportProgress' | 'leaveRun'>
{
  constructor(
    private readonly caller: Caller,
    private readonly sites: SiteService,
    private readonly invitations: InvitationService,
    private readonly leaving: LeaveRun,
    private readonly work: WorkService,
    private readonly progress: ProgressService,
  ) {}

  hello: Handlers['hello'] = async (request, call) => {
    const siteId = this.caller.self(call, request);
    const auditSize = await this.sites.hello(siteId, {
      instanceId: wire.textOf(request.instanceId),
      startCount: wire.bigCountOf(request.startCount),
      agentVersion: wire.textOf(request.agentVersion),
      backEnds: wire
        .listOf(request.backEnds, MOST_BACK_ENDS)
        .map(({ name, threads }) => ({ name: wire.textOf(name), threads })),
      datasets: wire.listOf(request.datasets, MOST_DATASETS).map(({ name, version, train, validation, test }) => ({
        ...{ name: wire.textOf(name), version: wire.textOf(version) },
        ...{ train: wire.integerOf(train), validation: wire.integerOf(validation), test: wire.integerOf(test) },
      })),
      lastReceipt: request.lastReceiptAuditIndex ?? null,
    });
    return { federation: this.caller.federation, siteId, coordinatorVersion: VERSION, auditSize };
  };

  pollWork: Handlers['pollWork'] = async ({ waitMs }, call) => {
    const siteId = await this.caller.current(call);
    return workToWire(await this.work.poll(siteId, waitMs, call.signal));
  };

  answerInvitation: Handlers['answerInvitation'] = async ({ runId, planDigest, answer }, call) => {
    const siteId = await this.caller.current(call);
    if (answer.case === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'answer' });
    const said =
      answer.case === 'accept'
        ? {
            kind: answer.case,
            datasetVersion: wire.textOf(answer.value.datasetVersion),
            exampleCount: wire.bigCountOf(answer.value.exampleCount),
          }
        : { kind: answer.case, code: wire.textOf(answer.value.code), sentence: wire.sentenceOf(answer.value.sentence) };
    await this.invitations.answer(siteId, wire.runIdOf(runId), wire.hexOf(planDigest), said);
    return {};
  };

  reportProgress: Handlers['reportProgress'] = async (request, call) => {
    const siteId = await this.caller.current(call);
    const { loss } = request;
    const { integerOf } = wire;
    const order = await this.progress.report(siteId, {
      ...{ runId: wire.runIdOf(request.runId), round: integerOf(request.round) },
      ...{ epoch: integerOf(request.epoch), epochs: integerOf(request.epochs) },
      ...{ step: integerOf(request.step), steps: integerOf(request.steps) },
      stage: wire.stageFromWire(request.stage),
      evaluationId: request.evaluationId === '' ? null : wire.textOf(request.evaluationId),
      bytesDone: wire.bigCountOf(request.bytesDone),
      bytesTotal: wire.bigCountOf(request.bytesTotal),
      loss: loss !== undefined && Number.isFinite(loss) ? loss : null,
      failure: request.failure?.code ?? null,
    });
    return { order: order === 'continue' ? Order.CONTINUE : Order.STOP };
  };

  leaveRun: Handlers['leaveRun'] = async ({ runId, reason }, call) => {
    const siteId = await this.caller.current(call);
    if (reason === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'reason' });
    const said = { code: wire.textOf(reason.code), sentence: wire.sentenceOf(reason.sentence) };
    return { receipt: wire.receiptToWire(await this.leaving.leave(siteId, wire.runIdOf(runId), said)) };
  };
}
