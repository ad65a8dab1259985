import { ConsiliumError } from '@consilium/errors';
import { advanceRun, isRunOver, type RunEvent, sentenceOfReason, type Transition } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import { type Act, AuditLog, subject } from '../audit/audit-log.js';
import { askEvaluations } from '../evaluations/ask-evaluation.js';
import { fixScoreEdges } from '../evaluations/fix-score-edges.js';
import type { Prisma } from '../generated/prisma/client.js';
import { ModelRegistry } from '../models/model-registry.js';
import type { Transaction } from '../platform/database.js';
import type { LoadedRun, RunRow } from './run.repository.js';

type Changes = Omit<Prisma.RunUpdateManyMutationInput, 'state' | 'version'>;
/** A model that a run ends with; the site is null for the one of all. */
export interface FinalModel {
  readonly site: string | null;
  readonly digest: string;
  /** The round that made it. */
  readonly round: number;
}

const ACT_OF_EVENT = {
  start: 'run.start',
  wait: 'run.wait',
  proceed: 'run.proceed',
  pause: 'run.pause',
  resume: 'run.resume',
  complete: 'run.complete',
  fail: 'run.fail',
  abort: 'run.abort',
} as const satisfies Partial<Record<RunEvent, Act['type']>>;

/** The effects of a run's steps, saved in the caller's transaction, which has locked the run. */
@Injectable()
export class RunTransitions {
  constructor(
    private readonly audit: AuditLog,
    private readonly registry: ModelRegistry,
  ) {}

  /** Carries out the step that `decideRun` found due. Errors  RUN_EVENT_NOT_ALLOWED. */
  async apply(transaction: Transaction, loaded: LoadedRun, step: Transition<RunEvent>): Promise<void> {
    if (step.event === 'invite') throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { event: step.event });
    const missed = loaded.run.state === 'inviting' ? await this.markUnanswered(transaction, loaded, step.missing) : [];
    const reason = step.reason === undefined ? null : sentenceOfReason(step.reason);
    const acts = [...missed, act(ACT_OF_EVENT[step.event], loaded.run, { reason, missing: step.missing })];
    await this.save(transaction, loaded, step.event, reason === null ? {} : { reason }, acts);
  }

  /** Ends a run before its time: by the machine (`fail`) or by a person (`abort`). */
  async end(
    transaction: Transaction,
    loaded: Pick<LoadedRun, 'run' | 'now'>,
    event: 'fail' | 'abort',
    reason: string,
    actor?: Act['actor'],
  ): Promise<void> {
    const said = { ...act(ACT_OF_EVENT[event], loaded.run, { reason }), ...(actor === undefined ? {} : { actor }) };
    await this.save(transaction, loaded, event, { reason }, [said]);
  }

  /** Plans a round from the newest global model. A number is never used twice, so an aborted round uses up its own. */
  async beginRound(transaction: Transaction, { run, rounds, now }: LoadedRun, number: number): Promise<void> {
    const last = rounds.findLast((round) => round.state === 'closed' && round.candidateDigest !== null);
    const baseModelDigest = last?.candidateDigest ?? run.initialModelDigest;
    const baseRound = last?.number ?? 0;
    await transaction.round.create({
      data: { runId: run.id, number, state: 'planned', baseModelDigest, baseRound, startedAt: now },
    });
    await this.audit.append(transaction, [
      {
        ...act('round.plan', run, { baseModelDigest, baseRound }),
        subject: subject('round', `${run.id}/${number}`),
        round: number,
      },
    ]);
  }

  /** After the last round every participant tests the initial and the final models on data that nothing has seen. */
  async beginTests(transaction: Transaction, loaded: LoadedRun): Promise<void> {
    const { run, plan, participants, now } = loaded;
    const finals = await this.finalModels(transaction, loaded);
    const models = [{ digest: run.initialModelDigest, round: 0 }, ...finals];
    const digests = models.map((model) => model.digest);
    const edges = await fixScoreEdges(
      transaction,
      plan.plan,
      { runId: run.id, split: 'test' },
      models.map(({ digest, round }) => ({ modelDigest: digest, follows: { modelDigest: digest, round } })),
    );
    const acts = await askEvaluations(
      transaction,
      participants
        .filter((p) => p.state === 'accepted')
        .flatMap(({ siteId, datasetVersion }) =>
          digests.map((modelDigest) => ({
            ...{ runId: run.id, round: 0, siteId, modelDigest, split: 'test' as const },
            datasetVersion: datasetVersion ?? '',
            scoreEdgesDigest: edges.get(modelDigest) ?? null,
          })),
        ),
    );
    // A site answers one after the other: each has the time of one.
    const testDeadlineAt = new Date(now.getTime() + digests.length * plan.plan.rounds.answerSeconds * 1000);
    await this.update(transaction, run, { testDeadlineAt });
    await this.audit.append(transaction, acts);
  }

  /** The models that the closed rounds have led to. */
  async finalModels(client: Transaction, { run, rounds, plan }: LoadedRun): Promise<FinalModel[]> {
    const closed = rounds.filter((round) => round.state === 'closed');
    if (plan.strategy.scope === 'all-sites') {
      const last = closed.at(-1);
      return last === undefined || last.candidateDigest === null
        ? []
        : [{ site: null, digest: last.candidateDigest, round: last.number }];
    }
    const last = await this.registry.lastOfSites(
      client,
      run.id,
      closed.map((round) => round.number),
    );
    const bySite = last.map(({ siteId, digest, round }) => ({ site: siteId ?? '', digest, round }));
    return bySite.sort((a, b) => (a.site < b.site ? -1 : 1));
  }

  private async markUnanswered(
    transaction: Transaction,
    { run }: LoadedRun,
    missing: readonly string[],
  ): Promise<Act[]> {
    await transaction.participant.updateMany({
      where: { runId: run.id, siteId: { in: [...missing] } },
      data: { state: 'missing' },
    });
    return missing.map((site) => act('invitation.missed', run, { site }));
  }

  private async save(
    transaction: Transaction,
    { run, now }: Pick<LoadedRun, 'run' | 'now'>,
    event: RunEvent,
    changes: Changes,
    acts: Act[],
  ) {
    const state = advanceRun(run.state, event);
    if (isRunOver(state))
      await transaction.evaluation.updateMany({ where: { runId: run.id, state: 'asked' }, data: { state: 'missing' } });
    const times = { waitingSince: state === 'waiting' ? now : null, ...(isRunOver(state) ? { finishedAt: now } : {}) };
    await this.update(transaction, run, { ...changes, ...times, state });
    await this.audit.append(transaction, acts);
  }

  private async update(transaction: Transaction, { id, version }: RunRow, data: Prisma.RunUpdateManyMutationInput) {
    const { count } = await transaction.run.updateMany({
      where: { id, version },
      data: { ...data, version: version + 1 },
    });
    if (count !== 1) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { version });
  }
}

function act(type: Act['type'], run: RunRow, payload: Act['payload']): Act {
  return { type, subject: subject('run', run.id), runId: run.id, payload };
}
