import { ConsiliumError, ERRORS, type ErrorCode, errorCode } from '@consilium/errors';
import { modelPorts, requireFewParameters } from '@consilium/models';
import { lastPossibleRound, type Plan, planFromCanonical, testedModels } from '@consilium/plan';
import type { Invitation } from '@consilium/proto';
import { digestBytes, digestHex } from '../connection/wire.js';
import { errorFields } from '../platform/logger.js';
import { throwIfStopped } from '../platform/stopping.js';
import { requireLargeDifferences, requireSuitable } from '../preprocessing/eligible.js';
import { type Answer, planConflict } from '../state/invitation-book.js';
import type { WorkBounds } from '../state/work-book.js';
import type { Workshop } from './work-context.js';

/** The coordinator takes no answer any more: this site has no part in the run, and will not be told of its end. */
const TOO_LATE: ReadonlySet<ErrorCode> = new Set(['RUN_EVENT_NOT_ALLOWED', 'SITE_NOT_IN_COHORT']);

/**
 * Reads the plan, looks whether this site has what it asks for, writes the answer down, and gives it. The dataset is the one
 * that the plan's name is bound to, else the one of that name, and its version is pinned: later versions are for later runs.
 * A site that cannot take part says why; that is an answer, not an error.
 *
 * Errors   what the coordinator answers; STOPPED.
 */
export async function answerInvitation(
  workshop: Pick<Workshop, 'link' | 'state' | 'datasets' | 'trainer' | 'maximumParameters' | 'logger'>,
  invitation: Invitation,
  signal: AbortSignal,
): Promise<void> {
  const { runId } = invitation;
  const planDigest = digestHex(invitation.planDigest);
  const { answer, sentence } =
    answerOfBefore(workshop, invitation, planDigest) ??
    (await decideAndRecord(workshop, invitation, planDigest, signal));
  workshop.logger.info(
    { runId, planDigest, ...answer },
    answer.accepted ? 'invitation accepted' : 'invitation declined',
  );
  const request = { runId, planDigest: digestBytes(planDigest), answer: onWire(answer, sentence) };
  try {
    await workshop.link.call((client, options) => client.answerInvitation(request, options), signal);
  } catch (error) {
    const isOfRun = workshop.state.invitations.find(runId)?.planDigest === planDigest;
    if (isOfRun && TOO_LATE.has(errorCode(error))) workshop.state.invitations.markEnded(runId);
    throw error;
  }
}

interface Said {
  readonly answer: Answer;
  /** What the researcher reads of a declined one. */
  readonly sentence: string;
}

/** An invitation has one answer for ever. Asked again with another plan, or after its end, the site says so and changes nothing. */
function answerOfBefore(
  { state, logger }: Pick<Workshop, 'state' | 'logger'>,
  { runId }: Invitation,
  planDigest: string,
): Said | undefined {
  const known = state.invitations.find(runId);
  if (!known) return undefined;
  if (known.planDigest !== planDigest) {
    const error = planConflict();
    state.refusals.add(runId, 'invitation', error);
    logger.error(
      { runId, planDigest, answered: known.planDigest, code: error.code },
      'another plan under an answered run',
    );
    return declined(error.code);
  }
  if (known.withdrawnBecause) return declined('SITE_WITHDREW');
  if (known.answer.accepted && known.endedAt) return declined('RUN_EVENT_NOT_ALLOWED');
  return known.answer.accepted
    ? { answer: known.answer, sentence: '' }
    : declined(known.answer.refusalCode as ErrorCode);
}

function declined(code: ErrorCode): Said {
  return { answer: { accepted: false, refusalCode: code }, sentence: ERRORS[code].say };
}

async function decideAndRecord(
  workshop: Parameters<typeof answerInvitation>[0],
  invitation: Invitation,
  planDigest: string,
  signal: AbortSignal,
): Promise<Said> {
  const { runId, plan } = invitation;
  const said = await decide(workshop, invitation, planDigest, signal);
  workshop.state.invitations.record({
    runId,
    planDigest,
    plan,
    sites: invitation.invitedSites.length,
    answer: said.answer,
  });
  return said;
}

async function decide(
  workshop: Pick<Workshop, 'state' | 'datasets' | 'trainer' | 'maximumParameters' | 'logger'>,
  invitation: Invitation,
  planDigest: string,
  signal: AbortSignal,
): Promise<Said> {
  const { state, datasets, trainer, maximumParameters, logger } = workshop;
  try {
    const plan = planFromCanonical(invitation.plan, planDigest);
    const registered = state.datasets.find(state.bindings.resolve(plan.data.dataset));
    if (!registered) throw new ConsiliumError('DATASET_NOT_FOUND', { dataset: plan.data.dataset });
    const { name: dataset, version: datasetVersion } = registered;
    const index = await datasets.load(datasetVersion);
    const exampleCount = requireSuitable(index, plan);
    requireLargeDifferences(index, plan, state.selections.of(datasetVersion, plan.task.kind));
    requireFewParameters(plan.model, modelPorts(plan), maximumParameters);
    await requireMemory({ trainer, logger }, plan, signal);
    state.selections.book(invitation.runId, datasetVersion, plan);
    return { answer: { accepted: true, dataset, datasetVersion, exampleCount }, sentence: '' };
  } catch (error) {
    throwIfStopped(signal);
    if (!(error instanceof ConsiliumError)) throw error;
    logger.warn({ runId: invitation.runId, code: error.code, detail: error.detail }, 'this site cannot take part');
    return { answer: { accepted: false, refusalCode: error.code }, sentence: sentenceOf(error) };
  }
}

/** What a site cannot do today and not tomorrow either. Any other failure of the trainer may be gone when the round begins. */
const CANNOT_TRAIN: ReadonlySet<ErrorCode> = new Set(['PLAN_TOO_LARGE', 'BACK_END_UNAVAILABLE', 'MODEL_SPEC_INVALID']);

async function requireMemory(
  { trainer, logger }: Pick<Workshop, 'trainer' | 'logger'>,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  try {
    await trainer.check(plan, plan.engine, signal);
  } catch (error) {
    throwIfStopped(signal);
    if (CANNOT_TRAIN.has(errorCode(error))) throw error;
    logger.warn(errorFields(error), 'whether the plan fits into memory could not be found out');
  }
}

/** What the researcher reads. The sizes of the plan and of the bound say nothing of the site's data. */
function sentenceOf({ code, detail }: ConsiliumError): string {
  if (code !== 'MODEL_TOO_LARGE') return ERRORS[code].say;
  return `${ERRORS[code].say} It has ${detail.parameters}; this site takes at most ${detail.most}.`;
}

function onWire(answer: Answer, sentence: string) {
  if (answer.accepted) {
    const { datasetVersion, exampleCount } = answer;
    return { case: 'accept' as const, value: { datasetVersion, exampleCount: BigInt(exampleCount) } };
  }
  return { case: 'decline' as const, value: { code: answer.refusalCode, sentence } };
}

/**
 * The plan that this site has accepted for a run: work is done for no other.
 *
 * Errors   PLAN_NOT_FOUND (never invited, declined, or another plan), DATASET_UNSUITABLE (another dataset than agreed),
 *          SITE_WITHDREW, RUN_EVENT_NOT_ALLOWED (it has ended, as the site was told).
 */
export function acceptedPlan(
  { state }: Pick<Workshop, 'state'>,
  work: { readonly runId: string; readonly planDigest: string; readonly datasetVersion: string },
): AcceptedPlan {
  const invitation = state.invitations.find(work.runId);
  if (!invitation?.answer.accepted || invitation.planDigest !== work.planDigest)
    throw new ConsiliumError('PLAN_NOT_FOUND', { runId: work.runId });
  if (invitation.withdrawnBecause) throw new ConsiliumError('SITE_WITHDREW', { runId: work.runId });
  if (invitation.endedAt) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { runId: work.runId });
  if (invitation.answer.datasetVersion !== work.datasetVersion)
    throw new ConsiliumError('DATASET_UNSUITABLE', { problem: 'not the version that was agreed to' });
  const plan = planFromCanonical(invitation.plan, invitation.planDigest);
  return { plan, bounds: { lastRound: lastPossibleRound(plan), testModels: testedModels(plan, invitation.sites) } };
}

export interface AcceptedPlan {
  readonly plan: Plan;
  /** What the site counts for itself. */
  readonly bounds: WorkBounds;
}
