import { ConsiliumError } from '@consilium/errors';
import { TokenBucket } from '@consilium/grpc';
import { sha256Hex } from '@consilium/tensors';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import type { Site as SiteRow } from '../generated/prisma/client.js';
import { canonicalText } from '../platform/canonical-text.js';
import { Database, databaseNow, type Transaction } from '../platform/database.js';
import { Presence } from './presence.js';
import { backEndsIn, datasetsIn } from './site-row.js';

/** What an agent says of itself and its data. */
export interface AgentDescription {
  readonly instanceId: string;
  readonly startCount: bigint;
  readonly agentVersion: string;
  readonly backEnds: readonly BackEndDescription[];
  readonly datasets: readonly DatasetDescription[];
  /** Audit index of the last receipt that the site holds. */
  readonly lastReceipt: bigint | null;
}

export interface BackEndDescription {
  readonly name: string;
  readonly threads: number;
}

export interface DatasetDescription {
  readonly name: string;
  readonly version: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export interface SiteView {
  readonly id: string;
  readonly connected: boolean;
  readonly lastSeenAt: Date;
  readonly agentVersion: string;
  readonly backEnds: readonly BackEndDescription[];
  readonly datasets: readonly DatasetDescription[];
}

/** Each costs a few hundred bytes of a log that nobody may ever shorten: about 20 KiB an hour. */
const NEWS_OF_A_SITE = { burst: 12, perMinute: 1 };

@Injectable()
export class SiteService {
  constructor(
    private readonly database: Database,
    private readonly presence: Presence,
    private readonly audit: AuditLog,
  ) {}

  /** Entries of Hello that each site may still call forth. */
  private readonly news = new Map<string, TokenBucket>();

  /**
   * An agent introduces itself; a site that is not known yet is added. The newest instance speaks for the site. The audit log
   * gets an entry of a few hundred bytes when what the agent says is new, and none when it is not.
   *
   * Errors   SITE_RUNNING_TWICE for an agent that was started before the one that is connected; COORDINATOR_LOG_BEHIND when the
   *          site holds a receipt that this log does not know; RATE_LIMITED for something new once a minute too often. Answers
   *          the size of the log.
   */
  async hello(siteId: string, agent: AgentDescription): Promise<bigint> {
    await this.database.transaction(async (transaction) => {
      const known = await lockSite(transaction, siteId);
      // Whatever refuses an agent comes before the first write: it changes nothing of the one that is there.
      if (agent.lastReceipt !== null && agent.lastReceipt >= (await this.audit.size(transaction)))
        throw new ConsiliumError('COORDINATOR_LOG_BEHIND', { siteId });
      const now = await databaseNow(transaction);
      if (known !== null && known.instanceId !== agent.instanceId && agent.startCount < known.startCount)
        if (this.presence.isPresent(siteId, known.lastSeenAt, now))
          throw new ConsiliumError('SITE_RUNNING_TWICE', { siteId });
      const { instanceId, startCount, agentVersion } = agent;
      const row = {
        ...{ instanceId, startCount, agentVersion, lastSeenAt: now },
        backEnds: agent.backEnds.map((b) => ({ ...b })),
        datasets: agent.datasets.map((d) => ({ ...d })),
      };
      const isNew = known === null || digestOfSaid(known) !== digestOfSaid(row);
      if (isNew) this.spendNews(siteId);
      await transaction.site.upsert({ where: { id: siteId }, create: { id: siteId, ...row }, update: row });
      if (!isNew) return;
      await this.audit.append(transaction, [
        {
          type: 'site.hello',
          actor: { kind: 'site', id: siteId },
          subject: subject('site', siteId),
          payload: { agentVersion, datasets: summaryOf(agent.datasets) },
        },
      ]);
    });
    return this.audit.size();
  }

  private spendNews(siteId: string): void {
    const bucket = this.news.get(siteId) ?? new TokenBucket(NEWS_OF_A_SITE);
    this.news.set(siteId, bucket);
    const retryAfterMs = bucket.take();
    if (retryAfterMs > 0) throw new ConsiliumError('RATE_LIMITED', { siteId, retryAfterMs });
  }

  /** Every call after Hello passes here. Errors  SITE_UNKNOWN before the first Hello; SITE_RUNNING_TWICE for an older instance. */
  async requireCurrent(siteId: string, instanceId: string | undefined): Promise<void> {
    const row = await this.database.client.site.findUnique({ where: { id: siteId }, select: { instanceId: true } });
    if (row === null) throw new ConsiliumError('SITE_UNKNOWN', { siteId });
    if (row.instanceId !== instanceId) throw new ConsiliumError('SITE_RUNNING_TWICE', { siteId });
    await this.presence.seen(siteId);
  }

  /** All sites in the byte order of their ids. */
  async list(): Promise<SiteView[]> {
    const [rows, now] = await Promise.all([
      this.database.client.site.findMany({ orderBy: { id: 'asc' } }),
      databaseNow(this.database.client),
    ]);
    return rows.map(({ id, lastSeenAt, agentVersion, backEnds, datasets }) => ({
      ...{ id, lastSeenAt, agentVersion },
      connected: this.presence.isPresent(id, lastSeenAt, now),
      backEnds: backEndsIn(backEnds),
      datasets: datasetsIn(datasets),
    }));
  }
}

/** What an agent says of itself and its data, without which of its lives it is. */
function digestOfSaid({ agentVersion, backEnds, datasets }: Pick<SiteRow, 'agentVersion' | 'backEnds' | 'datasets'>) {
  return sha256Hex(canonicalText({ agentVersion, backEnds, datasets }));
}

/** The list itself is in the site's row: as many as a site may have would fill an entry that nobody may ever delete. */
function summaryOf(datasets: readonly DatasetDescription[]) {
  const sum = (part: 'train' | 'validation' | 'test') => datasets.reduce((total, dataset) => total + dataset[part], 0);
  return {
    ...{ count: datasets.length, digest: sha256Hex(canonicalText(datasets)) },
    ...{ train: sum('train'), validation: sum('validation'), test: sum('test') },
  };
}

async function lockSite(transaction: Transaction, siteId: string) {
  // Two first calls of one site must not both insert it.
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`site ${siteId}`}, 0))`;
  return transaction.site.findUnique({ where: { id: siteId } });
}
