import { ConsiliumError } from '@consilium/errors';
import type { ServiceHandlers } from '@consilium/grpc';
import type { CoordinatorService } from '@consilium/proto';
import { Injectable } from '@nestjs/common';
import { EvaluationService } from '../evaluations/evaluation.service.js';
import { UpdateService } from '../rounds/update.service.js';
import { Caller } from './caller.js';
import { onCoordinatorsDisk } from './disk-full.js';
import * as wire from './wire.js';

type Handlers = ServiceHandlers<typeof CoordinatorService>;

/** A site hands over what it has made, and gets a receipt. */
@Injectable()
export class ResultEdge implements Pick<Handlers, 'submitUpdate' | 'submitEvaluation'> {
  constructor(
    private readonly caller: Caller,
    private readonly updates: UpdateService,
    private readonly evaluations: EvaluationService,
  ) {}

  submitUpdate: Handlers['submitUpdate'] = async (request, call) => {
    const siteId = await this.caller.current(call);
    const { updateId, trainingLoss } = request;
    if (!Number.isFinite(trainingLoss)) throw new ConsiliumError('REQUEST_INVALID', { field: 'trainingLoss' });
    const submitting = this.updates.submit({
      ...{
        runId: wire.runIdOf(request.runId),
        round: wire.integerOf(request.round),
        siteId,
        updateId: wire.textOf(updateId),
        baseRound: wire.integerOf(request.baseRound),
        trainingLoss,
      },
      manifest: wire.manifestFromWire(request.manifest),
      exampleCount: wire.bigCountOf(request.exampleCount),
      localSteps: wire.bigCountOf(request.localSteps),
      baseModelDigest: wire.hexOf(request.baseModelDigest),
    });
    const receipt = await onCoordinatorsDisk(submitting);
    return { receipt: wire.receiptToWire(receipt) };
  };

  submitEvaluation: Handlers['submitEvaluation'] = async (request, call) => {
    const siteId = await this.caller.current(call);
    const { evaluationId, datasetVersion, result } = request;
    if (result.case === undefined || request.subgroup !== '')
      throw new ConsiliumError('REQUEST_INVALID', { field: 'result' });
    const receipt = await this.evaluations.submit({
      ...{ evaluationId: wire.textOf(evaluationId), siteId, datasetVersion: wire.textOf(datasetVersion) },
      modelDigest: wire.hexOf(request.modelDigest),
      split: wire.splitFromWire(request.split),
      scoreEdgesDigest: request.scoreEdgesDigest.length === 0 ? null : wire.hexOf(request.scoreEdgesDigest),
      result:
        result.case === 'statistics'
          ? { kind: result.case, statistics: wire.statisticsFromWire(result.value) }
          : { kind: result.case, code: result.value.code },
    });
    return { receipt: wire.receiptToWire(receipt) };
  };
}
