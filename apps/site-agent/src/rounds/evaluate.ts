import { ConsiliumError, ERRORS, errorCode } from '@consilium/errors';
import { buildModel, modelPorts } from '@consilium/models';
import type { EvaluateAssignment } from '@consilium/proto';
import { requireManifestFits } from '@consilium/tensors';
import type { Statistics } from '@consilium/validation';
import { digestHex, manifestFromWire, partFromWire, receiptFromWire, statisticsToWire } from '../connection/wire.js';
import { errorFields } from '../platform/logger.js';
import type { Receipt } from '../stages.js';
import { acceptedPlan } from './answer-invitation.js';
import { fetchModel } from './fetch-model.js';
import { WORTH_A_SECOND_TRY } from './train.js';
import type { Work } from './work-context.js';

/**
 * Evaluates a model on one part of this site's dataset and sends integer statistics, or why that was not possible.
 * Nothing is booked before: after a crash the same numbers come out again.
 *
 * Errors   what the coordinator answers; STOPPED.
 */
export async function runEvaluation(work: Work, assignment: EvaluateAssignment, signal: AbortSignal): Promise<Receipt> {
  const result = await evaluate(work, assignment, signal).then(
    (statistics) => ({ case: 'statistics' as const, value: statisticsToWire(statistics) }),
    (error: unknown) => {
      if (signal.aborted || errorCode(error) === 'STOPPED') throw error;
      work.logger.error({ evaluationId: assignment.evaluationId, ...errorFields(error) }, 'evaluation failed');
      const code = errorCode(error);
      return { case: 'failure' as const, value: { code, sentence: ERRORS[code].say } };
    },
  );
  const { evaluationId, modelDigest, datasetVersion, split } = assignment;
  const answer = await work.link.call(
    (client, options) =>
      client.submitEvaluation({ evaluationId, modelDigest, datasetVersion, split, subgroup: '', result }, options),
    signal,
  );
  const receipt = receiptFromWire(answer.receipt);
  work.state.outbox.keepReceipt('evaluation', assignment.runId, receipt);
  return receipt;
}

async function evaluate(work: Work, assignment: EvaluateAssignment, signal: AbortSignal): Promise<Statistics> {
  const { runId, datasetVersion } = assignment;
  const plan = acceptedPlan(work, { runId, datasetVersion, planDigest: digestHex(assignment.planDigest) });
  const part = partFromWire(assignment.split);
  const digest = digestHex(assignment.modelDigest);
  const manifest = manifestFromWire(assignment.model, digest);
  requireManifestFits(manifest, buildModel(plan.model, modelPorts(plan)).layout);
  work.state.heldModels.use(runId, digest, manifest);
  await fetchModel(work, { digest, manifest }, signal);
  const examples = await work.tensors.open(datasetVersion, plan, part, signal);
  const job = { plan, modelPaths: work.weights.paths(manifest), examples };
  const onBatch = (step: number, steps: number) => work.progress.report({ stage: 'evaluating', step, steps });
  onBatch(0, examples.count);
  try {
    return await work.trainer.evaluate(job, plan.engine, onBatch, signal);
  } catch (error) {
    if (!(error instanceof ConsiliumError && WORTH_A_SECOND_TRY.has(error.code))) throw error;
    return work.trainer.evaluate(job, plan.engine, onBatch, signal);
  }
}
