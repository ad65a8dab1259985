import { ConsiliumError, ERRORS, type ErrorCode, errorCode } from '@consilium/errors';
import {
  decide,
  decideRun,
  isRoundOver,
  isRunOver,
  type ParticipationState,
  type RoundState,
  type RunState,
  sentenceOf,
} from '@consilium/rounds';
import { Inject, Injectable } from '@nestjs/common';
import type { EvaluationState } from '../generated/prisma/client.js';
import { Database } from '../platform/database.js';
import { withDatabaseErrors } from '../platform/database-error.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { RunDriver } from '../rounds/run-driver.js';
import { participantFacts, participationFacts, roundFacts, runFacts } from '../rounds/run-facts.js';
import {
  bySite,
  type LoadedRun,
  liveRound,
  type ParticipationRow,
  type RoundRow,
  RunRepository,
} from './run.repository.js';
import { type FinalModel, RunTransitions } from './run-transitions.js';
import { type StoredStatistics, type ValidationView, validationView } from './validation-view.js';
import { type WeighedUpdate, type WeightView, weightViews } from './weights-view.js';

/** A run as persons see it. */
export interface RunView {
  readonly id: string;
  readonly planName: string;
  readonly planHash: string;
  readonly strategy: string;
  readonly state: RunState;
  readonly reason: string | null;
  /** Why the run cannot be shown whole, as a sentence: rounds and models are missing then. Null for every run in order. */
  readonly problem: string | null;
  /** A sentence; null when nothing is awaited. */
  readonly waitsFor: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly participants: readonly ParticipantView[];
  readonly rounds: readonly RoundView[];
  readonly roundsPlanned: number;
  readonly initialModelDigest: string;
  readonly finalModels: readonly FinalModel[];
  /** On test data, after the last round. */
  readonly evaluations: { readonly done: number; readonly total: number };
}

export interface ParticipantView {
  readonly site: string;
  readonly state: ParticipationState;
  readonly datasetVersion: string | null;
  readonly exampleCount: number | null;
  readonly reason: string | null;
}

export interface RoundView {
  readonly number: number;
  readonly state: RoundState;
  readonly waitsFor: string | null;
  readonly startedAt: Date;
  readonly closedAt: Date | null;
  readonly modelDigest: string;
  readonly candidateDigest: string | null;
  readonly missing: readonly string[];
  readonly refused: readonly { site: string; code: string }[];
  readonly abortedBecause: string | null;
  readonly participations: readonly ParticipationView[];
  /** Of the updates that count, once no more are taken; empty under a strategy that averages nothing. */
  readonly weights: readonly WeightView[];
  readonly validation: ValidationView | null;
  /** Sites of which the figures are not: why they could not evaluate, or that they did not answer. */
  readonly unevaluated: readonly { site: string; code: string }[];
}

export interface ParticipationView {
  readonly site: string;
  readonly state: ParticipationState;
  readonly stage: string | null;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

@Injectable()
export class RunViews {
  /** Rounds that are over never change, and people look again and again. */
  private readonly over = new Map<string, RoundView>();

  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly transitions: RunTransitions,
    private readonly driver: RunDriver,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * A run that cannot be read, because a stored row of it is broken or of another version, is shown by what can be: it must not hide
   * itself, and no other.
   *
   * Errors   RUN_NOT_FOUND, DATABASE_UNAVAILABLE.
   */
  async view(runId: string): Promise<RunView> {
    try {
      return await this.whole(runId);
    } catch (cause) {
      const error = withDatabaseErrors(cause);
      const code = errorCode(error);
      if (code === 'RUN_NOT_FOUND' || ERRORS[code].kind === 'unavailable') throw error;
      this.logger.error({ runId, ...errorFields(error) }, 'the run cannot be shown whole');
      return this.remainder(runId, code);
    }
  }

  private async whole(runId: string): Promise<RunView> {
    const loaded = await this.runs.read(runId);
    const { run, plan, tests } = loaded;
    return {
      ...{ id: run.id, planName: plan.plan.name, planHash: run.planHash, strategy: plan.plan.strategy.name },
      ...{ state: run.state, reason: run.reason, problem: null, waitsFor: this.waitsFor(loaded) },
      ...{ createdAt: run.createdAt, finishedAt: run.finishedAt },
      participants: loaded.participants.map(participantView),
      rounds: await this.rounds(loaded),
      roundsPlanned: plan.plan.rounds.count,
      initialModelDigest: run.initialModelDigest,
      finalModels: await this.transitions.finalModels(this.database.client, loaded),
      evaluations: { done: tests.filter((e) => e.state === 'received').length, total: tests.length },
    };
  }

  /** What the run's own row says, and its plan's name. */
  private async remainder(runId: string, code: ErrorCode): Promise<RunView> {
    const run = await this.database.client.run.findUnique({
      where: { id: runId },
      include: { plan: { select: { name: true } } },
    });
    if (run === null) throw new ConsiliumError('RUN_NOT_FOUND', { runId });
    return {
      ...{ id: run.id, planName: run.plan.name, planHash: run.planHash, strategy: '', state: run.state },
      ...{ reason: run.reason, problem: `This run cannot be shown whole: ${ERRORS[code].say}`, waitsFor: null },
      ...{ createdAt: run.createdAt, finishedAt: run.finishedAt, participants: [], rounds: [], roundsPlanned: 0 },
      ...{ initialModelDigest: run.initialModelDigest, finalModels: [], evaluations: { done: 0, total: 0 } },
    };
  }

  private waitsFor(loaded: LoadedRun): string | null {
    const sentence = runWaitsFor(loaded);
    const failure = this.driver.lastFailure(loaded.run.id);
    if (sentence === null || failure === null) return sentence;
    return `${sentence} The last attempt failed: ${ERRORS[failure].say}`;
  }

  private async rounds(loaded: LoadedRun): Promise<RoundView[]> {
    const runId = loaded.run.id;
    const keyOf = ({ number }: RoundRow) => `${runId}/${number}`;
    const round = { in: loaded.rounds.filter((r) => !this.over.has(keyOf(r))).map((r) => r.number) };
    const participations = await this.database.client.participation.findMany({ where: { runId, round } });
    const updates = await this.database.client.siteUpdate.findMany({
      where: { runId, round },
      select: { round: true, siteId: true, exampleCount: true, deltaNorm: true },
    });
    const evaluations = await this.database.client.evaluation.findMany({
      where: { runId, round, state: { not: 'asked' } },
      select: {
        ...{ round: true, siteId: true, state: true, failureCode: true },
        ...{ statistics: true, scoreEdgesDigest: true },
      },
    });
    if (this.over.size > MOST_ROUNDS_KEPT) this.over.clear();
    return loaded.rounds.map((row) => {
      const known = this.over.get(keyOf(row));
      if (known !== undefined) return known;
      const view = roundView(
        loaded,
        row,
        bySite(participations.filter((p) => p.round === row.number)),
        updates.filter((u) => u.round === row.number),
        bySite(evaluations.filter((e) => e.round === row.number)),
      );
      if (isRoundOver(row.state)) this.over.set(keyOf(row), view);
      return view;
    });
  }

  /** Newest first. */
  async list(most = MOST_RUNS): Promise<RunView[]> {
    const rows = await this.database.client.run.findMany({
      select: { id: true },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: most,
    });
    const views: RunView[] = [];
    for (const row of rows) views.push(await this.view(row.id));
    return views;
  }
}

const MOST_RUNS = 100;
const MOST_ROUNDS_KEPT = 5000;

function participantView(row: LoadedRun['participants'][number]): ParticipantView {
  return {
    ...{ site: row.siteId, state: row.state, datasetVersion: row.datasetVersion, reason: row.declineReason },
    exampleCount: row.exampleCount === null ? null : Number(row.exampleCount),
  };
}

function roundView(
  loaded: LoadedRun,
  round: RoundRow,
  participations: readonly ParticipationRow[],
  updates: readonly WeighedUpdate[],
  evaluations: readonly EndedEvaluation[],
): RoundView {
  const { number, state, startedAt, closedAt, candidateDigest } = round;
  const received = evaluations.filter((e) => e.state === 'received');
  return {
    ...{ number, state, startedAt, closedAt, candidateDigest },
    modelDigest: round.baseModelDigest,
    waitsFor: roundWaitsFor(loaded, round),
    missing: participations.filter((p) => p.state === 'missing').map((p) => p.siteId),
    refused: participations
      .filter((p) => p.state === 'refused' || p.state === 'left')
      .map(({ siteId, refusalCode }) => ({ site: siteId, code: refusalCode ?? 'INTERNAL' })),
    abortedBecause: round.abortedReason,
    participations: participations.map(participationView),
    weights: BEFORE_SUBMISSIONS_CLOSE.includes(state) ? [] : weightViews(loaded.plan, updates),
    validation: received.length === 0 ? null : validationView(loaded.plan.plan, received),
    unevaluated: evaluations
      .filter((e) => e.state !== 'received')
      .map(({ siteId, failureCode }) => ({ site: siteId, code: failureCode ?? 'EVALUATION_LATE' })),
  };
}

interface EndedEvaluation extends StoredStatistics {
  readonly state: EvaluationState;
  readonly failureCode: string | null;
}

const BEFORE_SUBMISSIONS_CLOSE: readonly RoundState[] = ['planned', 'recruiting', 'training'];

function participationView(row: ParticipationRow): ParticipationView {
  const { state, stage, epoch, epochs, step, steps, loss } = row;
  return {
    ...{ site: row.siteId, state, stage, epoch, epochs, step, steps, loss },
    bytesDone: Number(row.bytesDone),
    bytesTotal: Number(row.bytesTotal),
  };
}

/** The sentence of what the run waits for; while a round lives, that of the round. */
function runWaitsFor(loaded: LoadedRun): string | null {
  if (isRunOver(loaded.run.state)) return null;
  const round = liveRound(loaded);
  if (round !== null) return roundWaitsFor(loaded, round);
  const decision = decideRun(runFacts(loaded), participantFacts(loaded), loaded.now);
  return decision.kind === 'wait' ? sentenceOf(decision.waitsFor) : null;
}

function roundWaitsFor(loaded: LoadedRun, round: RoundRow): string | null {
  if (liveRound(loaded)?.number !== round.number) return null;
  const decision = decide(roundFacts(loaded, round), participationFacts(loaded, round), loaded.now);
  return decision.kind === 'wait' ? sentenceOf(decision.waitsFor) : null;
}
