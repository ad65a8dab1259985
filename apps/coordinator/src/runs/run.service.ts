import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { InitialModel } from '../models/initial-model.js';
import { Database, databaseNow } from '../platform/database.js';
import { PERSON } from '../platform/person.js';
import { RunDriver } from '../rounds/run-driver.js';
import { WorkBell } from '../rounds/work-bell.js';
import { type PreviewedRun, RunPreview, type RunRequest } from './run-preview.js';

@Injectable()
export class RunService {
  constructor(
    private readonly database: Database,
    private readonly preview: RunPreview,
    private readonly initialModel: InitialModel,
    private readonly audit: AuditLog,
    private readonly bell: WorkBell,
    private readonly driver: RunDriver,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /**
   * Makes a run with its initial model and invites its sites. Answers its id.
   *
   * Numbers  the initial weights follow from the plan's seed alone.
   * Errors   those of RunPreview.
   */
  async create(request: RunRequest): Promise<string> {
    const { plan, sites } = await this.preview.of(request);
    const runId = randomUUID();
    await this.store.keeping(() => this.begin(runId, { plan, sites }));
    this.bell.ring(sites);
    this.driver.wake(runId);
    return runId;
  }

  private async begin(runId: string, { plan, sites }: PreviewedRun): Promise<void> {
    const { manifest, digest: initialModelDigest } = await this.initialModel.make(plan);
    await this.database.transaction(async (transaction) => {
      const now = await databaseNow(transaction);
      await transaction.run.create({
        data: {
          ...{ id: runId, planHash: plan.hash, state: 'inviting', initialModelDigest, createdAt: now },
          invitationDeadlineAt: new Date(now.getTime() + plan.plan.rounds.answerSeconds * 1000),
          participants: { create: sites.map((siteId) => ({ siteId, state: 'invited' })) },
        },
      });
      await this.initialModel.register(transaction, runId, plan, manifest);
      const about = { subject: subject('run', runId), runId };
      await this.audit.append(transaction, [
        { type: 'run.create', actor: PERSON, ...about, payload: { planHash: plan.hash, sites, initialModelDigest } },
        ...sites.map((site) => ({ type: 'invitation.sent' as const, ...about, payload: { site } })),
      ]);
    });
  }
}
