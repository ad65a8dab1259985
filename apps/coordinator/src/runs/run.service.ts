import { randomUUID } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import { deriveSeed } from '@consilium/models';
import { isRunOver } from '@consilium/rounds';
import { manifestDigest } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { ModelRegistry } from '../models/model-registry.js';
import { storeWeights } from '../models/weight-writer.js';
import { PlanRegister, type StoredPlan } from '../plans/plan-register.js';
import { Database, databaseNow } from '../platform/database.js';
import { PERSON } from '../platform/person.js';
import { RoundTransitions } from '../rounds/round-transitions.js';
import { RunDriver } from '../rounds/run-driver.js';
import { WorkBell } from '../rounds/work-bell.js';
import { SiteService } from '../sites/site.service.js';
import { liveRound, RunRepository } from './run.repository.js';
import { RunTransitions } from './run-transitions.js';

/** What a person asks for; without `sites`, every connected site that has the dataset. */
export interface RunRequest {
  readonly planHash: string;
  readonly sites?: readonly string[] | undefined;
}

@Injectable()
export class RunService {
  constructor(
    private readonly database: Database,
    private readonly plans: PlanRegister,
    private readonly sites: SiteService,
    private readonly registry: ModelRegistry,
    private readonly audit: AuditLog,
    private readonly bell: WorkBell,
    private readonly driver: RunDriver,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /** What a run would be, without making it. Errors  PLAN_NOT_FOUND, SITE_NOT_FOUND, QUORUM_NOT_MET. */
  async preview(request: RunRequest): Promise<{ plan: StoredPlan; sites: string[] }> {
    const plan = await this.plans.plan(request.planHash);
    const sites = await this.invited(plan, request.sites);
    if (sites.length < plan.plan.rounds.quorum)
      throw new ConsiliumError('QUORUM_NOT_MET', { sites: sites.length, quorum: plan.plan.rounds.quorum });
    return { plan, sites };
  }

  /**
   * Makes a run with its initial model and invites its sites. Answers its id.
   *
   * Numbers  the initial weights follow from the plan's seed alone.
   * Errors   those of `preview`.
   */
  async create(request: RunRequest): Promise<string> {
    const { plan, sites } = await this.preview(request);
    const values = plan.model.initialise(deriveSeed(plan.plan.seed, 0, '', 'initial-weights'));
    const manifest = await storeWeights(this.store, plan.layout, values);
    const initialModelDigest = manifestDigest(manifest);
    const runId = randomUUID();
    await this.database.transaction(async (transaction) => {
      const now = await databaseNow(transaction);
      const run = { runId, round: 0, siteId: null, origin: 'initial' as const };
      await transaction.run.create({
        data: {
          ...{ id: runId, planHash: plan.hash, state: 'inviting', initialModelDigest, createdAt: now },
          invitationDeadlineAt: new Date(now.getTime() + plan.plan.rounds.answerSeconds * 1000),
          participants: { create: sites.map((siteId) => ({ siteId, state: 'invited' })) },
        },
      });
      await this.registry.store(transaction, manifest, plan.layout, run);
      const about = { subject: subject('run', runId), runId };
      await this.audit.append(transaction, [
        { type: 'run.create', actor: PERSON, ...about, payload: { planHash: plan.hash, sites, initialModelDigest } },
        ...sites.map((site) => ({ type: 'invitation.sent' as const, ...about, payload: { site } })),
      ]);
    });
    this.bell.ring(sites);
    this.driver.wake(runId);
    return runId;
  }

  private async invited(plan: StoredPlan, wanted: readonly string[] | undefined): Promise<string[]> {
    const known = await this.sites.list();
    if (wanted === undefined)
      return known
        .filter((site) => site.connected && site.datasets.some((d) => d.name === plan.plan.data.dataset))
        .map((site) => site.id)
        .sort();
    const unknown = wanted.find((id) => !known.some((site) => site.id === id));
    if (unknown !== undefined) throw new ConsiliumError('SITE_NOT_FOUND', { siteId: unknown });
    return [...new Set(wanted)].sort();
  }
}

@Injectable()
export class AbortRun {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly runTransitions: RunTransitions,
    private readonly roundTransitions: RoundTransitions,
    private readonly bell: WorkBell,
  ) {}

  /** Ends a run at a person's word; its sites are told to stop. Errors  RUN_NOT_FOUND, RUN_EVENT_NOT_ALLOWED when it is over. */
  async abort(runId: string, reason: string): Promise<void> {
    const sites = await this.database.transaction(async (transaction) => {
      const loaded = await this.runs.lock(transaction, runId);
      if (isRunOver(loaded.run.state)) throw new ConsiliumError('RUN_EVENT_NOT_ALLOWED', { state: loaded.run.state });
      const round = liveRound(loaded);
      const failure = { code: 'STOPPED', sentence: `The run was aborted: ${reason}` };
      if (round !== null) await this.roundTransitions.abort(transaction, loaded, round, failure);
      await this.runTransitions.end(transaction, loaded, 'abort', reason, PERSON);
      return loaded.participants.map((p) => p.siteId);
    });
    this.bell.ring(sites);
  }
}
