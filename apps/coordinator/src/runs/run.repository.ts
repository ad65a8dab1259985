import { ConsiliumError } from '@consilium/errors';
import { isRoundOver } from '@consilium/rounds';
import { Injectable } from '@nestjs/common';
import type {
  Evaluation as EvaluationRow,
  Participant as ParticipantRow,
  Participation as ParticipationRow,
  Round as RoundRow,
  Run as RunRow,
} from '../generated/prisma/client.js';
import { PlanRegister, type StoredPlan } from '../plans/plan-register.js';
import { Database, databaseNow, type Transaction } from '../platform/database.js';
import { Presence } from '../sites/presence.js';

export type { EvaluationRow, ParticipantRow, ParticipationRow, RoundRow, RunRow };

export type EvaluationSummary = Omit<EvaluationRow, 'statistics'>;

/** A run as it is at one instant of the database's clock: all that `decide` and the effects of a step need. */
export interface LoadedRun {
  readonly run: RunRow;
  readonly plan: StoredPlan;
  readonly now: Date;
  /** In site-id order. */
  readonly participants: readonly (ParticipantRow & { readonly isPresent: boolean })[];
  /** In order of their numbers. */
  readonly rounds: readonly RoundRow[];
  /** The newest round, over or not. */
  readonly latest: RoundRow | null;
  /** Of the newest round, in site-id order. */
  readonly participations: readonly ParticipationRow[];
  /** Of the newest round. */
  readonly validations: readonly EvaluationSummary[];
  /** After the last round. */
  readonly tests: readonly EvaluationSummary[];
}

const WITHOUT_STATISTICS = { statistics: true } as const;

/** Reads runs with what belongs to them. */
@Injectable()
export class RunRepository {
  constructor(
    private readonly database: Database,
    private readonly plans: PlanRegister,
    private readonly presence: Presence,
  ) {}

  /** Locks the run's row to the end of the transaction, then reads. Every change of a run goes through this. Errors  RUN_NOT_FOUND. */
  async lock(transaction: Transaction, runId: string): Promise<LoadedRun> {
    await transaction.$queryRaw`SELECT id FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
    return this.load(transaction, runId);
  }

  /** The same for who needs only the run itself, its newest round and the ids of its sites. Errors  RUN_NOT_FOUND. */
  async lockAlone(transaction: Transaction, runId: string) {
    await transaction.$queryRaw`SELECT id FROM run WHERE id = ${runId}::uuid FOR UPDATE`;
    const run = await transaction.run.findUnique({ where: { id: runId } });
    if (run === null) throw new ConsiliumError('RUN_NOT_FOUND', { runId });
    const latest = await transaction.round.findFirst({ where: { runId }, orderBy: { number: 'desc' } });
    const participants = await transaction.participant.findMany({ where: { runId }, select: { siteId: true } });
    const now = await databaseNow(transaction);
    return { run, latest, now, sites: participants.map((p) => p.siteId) };
  }

  /** Errors  RUN_NOT_FOUND. */
  async load(client: Transaction, runId: string): Promise<LoadedRun> {
    const found = await client.run.findUnique({ where: { id: runId }, include: { participants: true, rounds: true } });
    if (found === null) throw new ConsiliumError('RUN_NOT_FOUND', { runId });
    const { participants, rounds, ...run } = found;
    rounds.sort((a, b) => a.number - b.number);
    const latest = rounds.at(-1) ?? null;
    const ofRun = { runId };
    const sites = await client.site.findMany({ where: { id: { in: participants.map((p) => p.siteId) } } });
    const evaluations = await client.evaluation.findMany({
      where: { ...ofRun, round: { in: [0, latest?.number ?? 0] } },
      omit: WITHOUT_STATISTICS,
    });
    const participations =
      latest === null ? [] : await client.participation.findMany({ where: { ...ofRun, round: latest.number } });
    const now = await databaseNow(client);
    const seenAt = new Map(sites.map((site) => [site.id, site.lastSeenAt]));
    return {
      run,
      plan: await this.plans.plan(run.planHash, client),
      now,
      participants: bySite(participants).map((p) => ({
        ...p,
        isPresent: this.presence.isPresent(p.siteId, seenAt.get(p.siteId) ?? new Date(0), now),
      })),
      rounds,
      latest,
      participations: bySite(participations),
      validations: latest === null ? [] : evaluations.filter((e) => e.round === latest.number),
      tests: evaluations.filter((e) => e.round === 0),
    };
  }

  async read(runId: string): Promise<LoadedRun> {
    return this.load(this.database.client, runId);
  }

  /** The runs in which something may still happen. */
  async liveIds(): Promise<string[]> {
    const rows = await this.database.client.run.findMany({
      where: { finishedAt: null },
      select: { id: true },
      orderBy: { createdAt: 'asc' },
    });
    return rows.map((row) => row.id);
  }

  /** The rounds that take uploads. */
  async roundsInTraining(): Promise<{ runId: string; number: number }[]> {
    return this.database.client.round.findMany({
      where: { state: 'training' },
      select: { runId: true, number: true },
    });
  }

  /** Runs that wait for sites have their whole time again: while no coordinator ran, none could connect. */
  async beginWaitingAnew(): Promise<void> {
    await this.database.client
      .$executeRaw`UPDATE run SET waiting_since = clock_timestamp() WHERE state = 'waiting'::"RunState"`;
  }

  /** The runs that wait for sites, this one among them. */
  async waitingFor(siteId: string): Promise<string[]> {
    const rows = await this.database.client.run.findMany({
      where: { state: 'waiting', participants: { some: { siteId } } },
      select: { id: true },
    });
    return rows.map((row) => row.id);
  }
}

/** Rows in the byte order of their site's id: the database's own order depends on its locale. */
export function bySite<R extends { siteId: string }>(rows: readonly R[]): R[] {
  return [...rows].sort((a, b) => (a.siteId < b.siteId ? -1 : a.siteId > b.siteId ? 1 : 0));
}

/** The round in which something may still happen. */
export function liveRound({ latest }: Pick<LoadedRun, 'latest'>): RoundRow | null {
  return latest === null || isRoundOver(latest.state) ? null : latest;
}
