import { ConsiliumError, ERRORS, type ErrorCode, errorCode } from '@consilium/errors';
import { buildModel, modelPorts } from '@consilium/models';
import type { Plan } from '@consilium/plan';
import type { EvaluateAssignment } from '@consilium/proto';
import { hasRunningStatistics, requireManifestFits } from '@consilium/tensors';
import { type ScoreEdges, type Statistics, statisticsShape } from '@consilium/validation';
import * as wire from '../connection/wire.js';
import { errorFields } from '../platform/logger.js';
import type { Receipt } from '../stages.js';
import { acceptedPlan } from './answer-invitation.js';
import { fetchModel } from './fetch-model.js';
import { WORTH_A_SECOND_TRY } from './train.js';
import { requireStillIn } from './withdrawal.js';
import type { Work } from './work-context.js';

/** What a site has counted, as it is kept, with the digest of the edges of its bins. */
interface Counted {
  readonly statistics: Statistics;
  readonly scoreEdgesDigest: string;
}

/** What a site says to an evaluation. */
type Answer = Counted | { readonly failure: ErrorCode };

/**
 * Evaluates a model on one part of this site's dataset and sends integer statistics, or why that was not possible. The site counts
 * for itself what it answers (`WorkBook`), and what was answered once is answered the same again, without another look at the data:
 * scores that were counted in some bins are counted in no others.
 *
 * Errors   what the coordinator answers; STOPPED.
 */
export async function runEvaluation(work: Work, assignment: EvaluateAssignment, signal: AbortSignal): Promise<Receipt> {
  const answer = await evaluate(work, assignment, signal).catch((error: unknown): Answer => {
    if (signal.aborted || errorCode(error) === 'STOPPED') throw error;
    const { runId, evaluationId } = assignment;
    work.logger.error({ runId, evaluationId, ...errorFields(error) }, 'evaluation failed');
    if (error instanceof ConsiliumError && error.code === 'EVALUATION_REFUSED')
      work.state.refusals.add(runId, 'evaluation', error);
    return { failure: errorCode(error) };
  });
  return send(work, assignment, answer, signal);
}

async function send(work: Work, assignment: EvaluateAssignment, said: Answer, signal: AbortSignal): Promise<Receipt> {
  const { evaluationId, runId, modelDigest, datasetVersion, split } = assignment;
  requireStillIn(work.state, runId);
  const scoreEdgesDigest = wire.digestBytes(wire.scoreEdgesDigest(assignment.scoreEdges));
  const result =
    'statistics' in said
      ? { case: 'statistics' as const, value: wire.statisticsToWire(said.statistics) }
      : { case: 'failure' as const, value: { code: said.failure, sentence: ERRORS[said.failure].say } };
  const answer = await work.link.call(
    (client, options) =>
      client.submitEvaluation(
        { evaluationId, modelDigest, datasetVersion, split, subgroup: '', result, scoreEdgesDigest },
        options,
      ),
    signal,
  );
  const receipt = wire.receiptFromWire(answer.receipt);
  work.state.outbox.keepReceipt('evaluation', runId, receipt);
  return receipt;
}

async function evaluate(work: Work, assignment: EvaluateAssignment, signal: AbortSignal): Promise<Answer> {
  const { runId, datasetVersion } = assignment;
  const agreed = acceptedPlan(work, { runId, datasetVersion, planDigest: wire.digestHex(assignment.planDigest) });
  const part = wire.partFromWire(assignment.split);
  const digest = wire.digestHex(assignment.modelDigest);
  const scoreEdges = wire.scoreEdgesFromWire(assignment.scoreEdges, statisticsShape(agreed.plan));
  const scoreEdgesDigest = wire.scoreEdgesDigest(assignment.scoreEdges);
  const before = work.state.work.answer(runId, part, digest) as Counted | undefined;
  if (before && before.scoreEdgesDigest !== scoreEdgesDigest)
    throw new ConsiliumError('EVALUATION_REFUSED', { problem: 'the scores of this model were counted in other bins' });
  if (before) return before;
  work.state.work.beginEvaluation(runId, part, digest, agreed.bounds);
  const statistics = await measure(work, assignment, agreed.plan, scoreEdges, signal);
  const counted: Counted = { statistics, scoreEdgesDigest };
  work.state.work.keepAnswer(runId, part, digest, counted);
  return counted;
}

async function measure(
  work: Work,
  assignment: EvaluateAssignment,
  plan: Plan,
  scoreEdges: ScoreEdges,
  signal: AbortSignal,
): Promise<Statistics> {
  const { runId, datasetVersion } = assignment;
  const part = wire.partFromWire(assignment.split);
  const digest = wire.digestHex(assignment.modelDigest);
  const manifest = wire.manifestFromWire(assignment.model, digest);
  const { layout } = buildModel(plan.model, modelPorts(plan));
  requireManifestFits(manifest, layout);
  work.state.heldModels.use(runId, digest, manifest);
  await fetchModel(work, { digest, manifest }, signal);
  const examples = await work.tensors.open(datasetVersion, plan, part, signal);
  const trainingExamples = hasRunningStatistics(layout)
    ? await work.tensors.open(datasetVersion, plan, 'train', signal)
    : undefined;
  const job = { plan, modelPaths: work.weights.paths(manifest), examples, trainingExamples, scoreEdges };
  const onBatch = (step: number, steps: number) => work.progress.report({ stage: 'evaluating', step, steps });
  onBatch(0, examples.count);
  try {
    return await work.trainer.evaluate(job, plan.engine, onBatch, signal);
  } catch (error) {
    if (!(error instanceof ConsiliumError && WORTH_A_SECOND_TRY.has(error.code))) throw error;
    return work.trainer.evaluate(job, plan.engine, onBatch, signal);
  }
}
