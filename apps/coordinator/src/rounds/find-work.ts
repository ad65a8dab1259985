import type { Manifest } from '@consilium/tensors';
import type { ScoreEdges } from '@consilium/validation';
import { Injectable } from '@nestjs/common';
import type { Split } from '../generated/prisma/client.js';
import { ModelRegistry } from '../models/model-registry.js';
import { PlanRegister } from '../plans/plan-register.js';
import { Database } from '../platform/database.js';
import { bySite } from '../runs/run.repository.js';

interface WithModel {
  readonly runId: string;
  readonly planHash: string;
  readonly modelDigest: string;
  readonly model: Manifest;
  readonly datasetVersion: string;
}

/** The next thing that a site should do. */
export type Work =
  | { readonly kind: 'stop'; readonly runId: string; readonly reason: string }
  | {
      readonly kind: 'invitation';
      readonly runId: string;
      readonly planHash: string;
      readonly plan: Uint8Array;
      readonly sites: readonly string[];
    }
  | ({
      readonly kind: 'evaluate';
      readonly evaluationId: string;
      readonly split: Split;
      readonly scoreEdges: ScoreEdges;
    } & WithModel)
  | ({
      readonly kind: 'train';
      readonly round: number;
      readonly baseRound: number;
      readonly closedRounds: number;
      readonly closesInMs: number;
    } & WithModel);

const AT_WORK = ['accepted', 'fetching', 'training', 'sending'] as const;

/** Looks into the database for what a site should do next. */
@Injectable()
export class FindWork {
  constructor(
    private readonly database: Database,
    private readonly plans: PlanRegister,
    private readonly registry: ModelRegistry,
  ) {}

  /** What frees resources first, then what others wait for, then the long work. */
  async next(siteId: string): Promise<Work | null> {
    return (
      (await this.stop(siteId)) ??
      (await this.invitation(siteId)) ??
      (await this.evaluation(siteId)) ??
      (await this.training(siteId))
    );
  }

  private async stop(siteId: string): Promise<Work | null> {
    const row = await this.database.client.participant.findFirst({
      where: { siteId, state: 'accepted', stopToldAt: null, run: { finishedAt: { not: null } } },
      include: { run: true },
    });
    if (row === null) return null;
    await this.database.client.$executeRaw`
      UPDATE participant SET stop_told_at = clock_timestamp() WHERE run_id = ${row.runId}::uuid AND site_id = ${siteId}`;
    return { kind: 'stop', runId: row.runId, reason: row.run.reason ?? `The run is ${row.run.state}.` };
  }

  private async invitation(siteId: string): Promise<Work | null> {
    const row = await this.database.client.participant.findFirst({
      where: { siteId, state: 'invited', run: { state: 'inviting' } },
      include: { run: { include: { participants: { select: { siteId: true } } } } },
      orderBy: { run: { createdAt: 'asc' } },
    });
    if (row === null) return null;
    const { bytes, hash } = await this.plans.plan(row.run.planHash);
    const sites = bySite(row.run.participants).map((p) => p.siteId);
    return { kind: 'invitation', runId: row.runId, planHash: hash, plan: bytes, sites };
  }

  private async evaluation(siteId: string): Promise<Work | null> {
    const row = await this.database.client.evaluation.findFirst({
      where: { siteId, state: 'asked', run: { state: { in: ['running', 'waiting'] } } },
      include: { run: { select: { planHash: true } }, scoreEdges: { select: { edges: true } } },
      omit: { statistics: true },
      orderBy: [{ askedAt: 'asc' }, { id: 'asc' }],
    });
    if (row === null) return null;
    const { manifest } = await this.registry.model(row.modelDigest);
    const { id: evaluationId, split, runId, modelDigest, datasetVersion } = row;
    return {
      kind: 'evaluate',
      evaluationId,
      split,
      scoreEdges: (row.scoreEdges?.edges ?? []) as unknown as ScoreEdges,
      runId,
      modelDigest,
      datasetVersion,
      model: manifest,
      planHash: row.run.planHash,
    };
  }

  private async training(siteId: string): Promise<Work | null> {
    const row = await this.database.client.participation.findFirst({
      where: { siteId, state: { in: [...AT_WORK] }, roundOfRun: { state: 'training', run: { state: 'running' } } },
      include: { roundOfRun: { include: { run: { include: { participants: { where: { siteId } } } } } } },
      orderBy: { roundOfRun: { startedAt: 'asc' } },
    });
    if (row === null) return null;
    const { roundOfRun, runId, round, baseRound, baseModelDigest: modelDigest } = row;
    const closedRounds = await this.database.client.round.count({ where: { runId, state: 'closed' } });
    const [{ left }] = await this.database.client.$queryRaw<[{ left: number }]>`
      SELECT GREATEST(0, EXTRACT(EPOCH FROM ${roundOfRun.deadlineAt}::timestamptz - clock_timestamp()) * 1000)::float8 AS left`;
    return {
      ...{ kind: 'train', runId, round, baseRound, closedRounds, modelDigest, planHash: roundOfRun.run.planHash },
      model: (await this.registry.model(modelDigest)).manifest,
      datasetVersion: roundOfRun.run.participants[0]?.datasetVersion ?? '',
      closesInMs: Math.floor(left),
    };
  }
}
