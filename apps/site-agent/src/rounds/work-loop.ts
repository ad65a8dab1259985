import { ConsiliumError, type ErrorCode, errorCode } from '@consilium/errors';
import type { EvaluateAssignment, PollWorkResponse, TrainAssignment } from '@consilium/proto';
import { Backoff } from '../connection/backoff.js';
import { ProgressReporter } from '../connection/progress-reporter.js';
import { digestHex, manifestFromWire } from '../connection/wire.js';
import { runAssignment } from '../pipeline.js';
import { errorFields } from '../platform/logger.js';
import { throwIfStopped } from '../platform/stopping.js';
import type { Assignment } from '../stages.js';
import { acceptedPlan, answerInvitation } from './answer-invitation.js';
import { runEvaluation } from './evaluate.js';
import { forgetEndedRuns, forgetRun, pruneWeights } from './housekeeping.js';
import { roundStages } from './round-stages.js';
import { tellWithdrawals, watchWithdrawals } from './withdrawal.js';
import type { Work, Workshop } from './work-context.js';

const POLL_WAIT_MS = 20_000;
const POLL_TIMEOUT_MS = 40_000;

/** After these the coordinator knows already that nothing more will come, or does not want it. */
const NOT_WORTH_A_REPORT: ReadonlySet<ErrorCode> = new Set([
  'STOPPED',
  'UPDATE_LATE',
  'UPDATE_CONFLICT',
  'RUN_NOT_FOUND',
  'RUN_EVENT_NOT_ALLOWED',
  'ROUND_NOT_FOUND',
  'ROUND_EVENT_NOT_ALLOWED',
  'PARTICIPATION_EVENT_NOT_ALLOWED',
  'SITE_NOT_IN_COHORT',
  'SITE_WITHDREW',
]);

/**
 * Asks for work, does it, asks again: the whole life of an agent. Ends when the coordinator says so (drain).
 *
 * Errors   the signal's reason; what ends an agent: SITE_RUNNING_TWICE, SITE_UNKNOWN, COORDINATOR_LOG_BEHIND, ...
 */
export async function workUntilStopped(workshop: Workshop, signal: AbortSignal): Promise<void> {
  const { link, state, logger } = workshop;
  const backoff = new Backoff();
  const told = { datasets: JSON.stringify(state.datasets.list()) };
  let isFirst = true;
  let isDraining = false;
  while (!isDraining) {
    throwIfStopped(signal);
    greetIfChanged(workshop, told);
    state.facts.setActivity({ state: 'idle' });
    try {
      await tellWithdrawals(workshop, signal);
      if (isFirst) {
        isFirst = false;
        await forgetEndedRuns(workshop, signal);
      }
      const answer = await nextWork(workshop, signal);
      if (answer === undefined) continue;
      await doWork(workshop, answer, signal, () => {
        isDraining = true;
      });
      backoff.reset();
    } catch (error) {
      throwIfStopped(signal);
      throwIfStopped(link.fatalSignal);
      logger.error(errorFields(error), 'work failed');
      await backoff.pause(signal);
    }
  }
  logger.info('the coordinator drains its sites: this agent asks for no more work');
}

/** Undefined when the site has left a run meanwhile: the coordinator is to hear of it first. */
async function nextWork({ link, state }: Workshop, signal: AbortSignal): Promise<PollWorkResponse | undefined> {
  const withdrawal = new AbortController();
  const endWatch = watchWithdrawals(state.invitations, () => withdrawal.abort());
  try {
    return await link.call(
      (client, options) => client.pollWork({ waitMs: POLL_WAIT_MS }, { ...options, timeoutMs: POLL_TIMEOUT_MS }),
      AbortSignal.any([signal, withdrawal.signal]),
    );
  } catch (error) {
    if (!withdrawal.signal.aborted || signal.aborted) throw error;
    return undefined;
  } finally {
    endWatch();
  }
}

/** `dataset add` may have run beside this agent; the coordinator should know what there is. */
function greetIfChanged({ link, state }: Workshop, told: { datasets: string }): void {
  const datasets = JSON.stringify(state.datasets.list());
  if (datasets === told.datasets) return;
  told.datasets = datasets;
  link.greetAgain();
}

async function doWork(
  workshop: Workshop,
  { work }: PollWorkResponse,
  signal: AbortSignal,
  onDrain: () => void,
): Promise<void> {
  switch (work.case) {
    case 'invitation':
      return answerInvitation(workshop, work.value, signal);
    case 'train':
      return withProgress(workshop, work.value, signal, onDrain, (w, stop) => train(w, work.value, stop));
    case 'evaluate':
      return withProgress(workshop, { ...work.value, round: 0 }, signal, onDrain, (w, stop) =>
        evaluate(w, work.value, stop),
      );
    case 'stop':
      workshop.logger.info({ runId: work.value.runId, reason: work.value.reason }, 'run has ended');
      return forgetRun(workshop, work.value.runId);
    case undefined:
      return;
  }
}

/** Runs one assignment under a signal of its own, which the coordinator's order to stop fires too. */
async function withProgress(
  workshop: Workshop,
  about: { readonly runId: string; readonly round: number; readonly evaluationId?: string },
  signal: AbortSignal,
  onDrain: () => void,
  act: (work: Work, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { runId, round, evaluationId = '' } = about;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal, workshop.link.fatalSignal]);
  const { link, logger } = workshop;
  const progress = new ProgressReporter({
    link,
    ...{ runId, round, evaluationId },
    signal: both,
    logger,
    onStop: () => stop.abort(new ConsiliumError('STOPPED', { by: 'coordinator' })),
    onDrain,
  });
  const endWatch = watchWithdrawals(workshop.state.invitations, (left) => {
    if (left === runId) stop.abort(new ConsiliumError('SITE_WITHDREW', { runId }));
  });
  try {
    await pruneWeights(workshop);
    await act({ ...workshop, progress }, both);
  } catch (error) {
    if (!stop.signal.aborted || signal.aborted) throw error;
    const isLeft = errorCode(stop.signal.reason) === 'SITE_WITHDREW';
    logger.info({ runId, round }, isLeft ? 'this site has left the run' : 'the coordinator has stopped this work');
  } finally {
    endWatch();
    await progress.close();
  }
}

async function train(work: Work, wire: TrainAssignment, signal: AbortSignal): Promise<void> {
  const { runId, round } = wire;
  work.state.facts.setActivity({ state: 'working', runId, round, stage: 'training' });
  try {
    const receipt = await runAssignment(assignmentOf(work, wire), roundStages(work), signal);
    work.logger.info({ runId, round, updateId: receipt.id, auditIndex: receipt.auditIndex }, 'update booked');
  } catch (error) {
    throwIfStopped(signal);
    work.logger.error({ runId, round, ...errorFields(error) }, 'round failed at this site');
    if (error instanceof ConsiliumError && error.code === 'TRAINING_REFUSED')
      work.state.refusals.add(runId, 'training', error);
    if (!NOT_WORTH_A_REPORT.has(errorCode(error))) await work.progress.fail(errorCode(error));
  }
}

function assignmentOf(work: Work, wire: TrainAssignment): Assignment {
  const { runId, round, datasetVersion, baseRound, closedRounds } = wire;
  const modelDigest = digestHex(wire.modelDigest);
  const { plan, bounds } = acceptedPlan(work, { runId, datasetVersion, planDigest: digestHex(wire.planDigest) });
  work.state.work.beginTraining(runId, round, modelDigest, bounds);
  return {
    ...{ runId, round, plan },
    datasetVersion,
    modelDigest,
    model: manifestFromWire(wire.model, modelDigest),
    ...{ baseRound, closedRounds },
  };
}

async function evaluate(work: Work, wire: EvaluateAssignment, signal: AbortSignal): Promise<void> {
  const { runId, evaluationId } = wire;
  work.state.facts.setActivity({ state: 'working', runId, stage: 'evaluating' });
  const receipt = await runEvaluation(work, wire, signal);
  work.logger.info({ runId, evaluationId, auditIndex: receipt.auditIndex }, 'evaluation booked');
}
