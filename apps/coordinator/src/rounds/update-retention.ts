import type { Manifest } from '@consilium/tensors';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { CONFIG, type Config } from '../platform/config.js';
import { Database } from '../platform/database.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';

const LOOK_EVERY_MS = 3_600_000;
/** Chunks that are claimed at once: a writer of one of them waits for all. */
const CHUNKS_AT_ONCE = 128;

interface RoundKey {
  readonly runId: string;
  readonly round: number;
}

/**
 * Deletes what hospitals have sent once nobody needs it: the updates of rounds that are over, but for the last ones of a run that
 * goes on, and those of the last days. First a transaction gives the updates of a round up, with an audit entry; then the files
 * go. A crash between the two is caught up with at the next start. A chunk that a model or another update names stays.
 */
@Injectable()
export class UpdateRetention implements BeforeApplicationShutdown {
  private running: Promise<void> = Promise.resolve();
  private isWaiting = false;
  private isStopping = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
    @Inject(CONFIG) private readonly config: Pick<Config, 'keepUpdates' | 'reach'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.wake(), LOOK_EVERY_MS).unref();
    this.wake();
  }

  /** Looks once more, after the look under way. Never waits and never throws. */
  wake(): void {
    if (this.isWaiting || this.isStopping) return;
    this.isWaiting = true;
    this.running = this.running.then(async () => {
      this.isWaiting = false;
      try {
        await this.giveUpDue();
        await this.deleteGivenUp();
      } catch (error) {
        this.logger.error(errorFields(error), 'updates could not be deleted; it is tried again within the hour');
      }
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async giveUpDue(): Promise<void> {
    const { rounds, days } = this.config.keepUpdates;
    const due = await this.database.client.$queryRaw<RoundKey[]>`
      WITH over AS (
        SELECT r.run_id, r.number, COALESCE(r.closed_at, run.finished_at) AS over_at, run.finished_at,
               row_number() OVER (PARTITION BY r.run_id ORDER BY r.number DESC) AS age
        FROM round r JOIN run ON run.id = r.run_id
        WHERE r.state IN ('closed', 'aborted'))
      SELECT run_id AS "runId", number AS round FROM over
      WHERE (finished_at IS NOT NULL OR age > ${rounds}::int)
        AND over_at <= clock_timestamp() - ${days}::int * interval '1 day'
        AND EXISTS (SELECT FROM site_update u WHERE u.run_id = over.run_id AND u.round = number AND given_up_at IS NULL)
      ORDER BY run_id, number`;
    for (const { runId, round } of due) if (!this.isStopping) await this.giveUp({ runId, round });
  }

  private async giveUp({ runId, round }: RoundKey): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const rows = await transaction.$queryRaw<{ manifest: Manifest }[]>`
        UPDATE site_update SET given_up_at = clock_timestamp()
        WHERE run_id = ${runId}::uuid AND round = ${round}::int AND given_up_at IS NULL RETURNING manifest`;
      if (rows.length === 0) return;
      const sum = (of: (manifest: Manifest) => number) => rows.reduce((total, { manifest }) => total + of(manifest), 0);
      const { rounds, days } = this.config.keepUpdates;
      const payload = {
        updates: rows.length,
        ...{ chunks: sum((m) => m.chunkDigests.length), bytes: sum((m) => m.bytes) },
        ...{ rule: { rounds, days } },
      };
      const about = { subject: subject('round', `${runId}/${round}`), runId, round };
      await this.audit.append(transaction, [{ type: 'round.updates.dropped', ...about, payload }]);
    });
  }

  private async deleteGivenUp(): Promise<void> {
    const due = await this.database.client.siteUpdate.groupBy({
      by: ['runId', 'round'],
      where: { givenUpAt: { not: null }, deletedAt: null },
      orderBy: [{ runId: 'asc' }, { round: 'asc' }],
    });
    for (const { runId, round } of due) if (!this.isStopping) await this.deleteOf({ runId, round });
  }

  private async deleteOf({ runId, round }: RoundKey): Promise<void> {
    const where = { runId, round, givenUpAt: { not: null }, deletedAt: null };
    const rows = await this.database.client.siteUpdate.findMany({ where, select: { manifest: true } });
    // Of an update that came too late, or in whose middle a crash came, the chunks may have been adopted and not booked.
    const uploads = await this.database.client.upload.findMany({ where: { runId, round }, select: { manifest: true } });
    const manifests = [...rows, ...uploads].map(({ manifest }) => manifest as unknown as Manifest);
    const digests = [...new Set(manifests.flatMap(({ chunkDigests }) => chunkDigests))];
    let chunks = 0;
    let bytes = 0;
    let isWhole = true;
    for (let at = 0; at < digests.length; at += CHUNKS_AT_ONCE) {
      const some = digests.slice(at, at + CHUNKS_AT_ONCE);
      const collected = await this.store.collect(some, (claimed) => this.named(claimed));
      chunks += collected.chunks;
      bytes += collected.bytes;
      if (collected.busy.length > 0) isWhole = false;
      this.config.reach('collecting');
    }
    // What somebody is writing just now is looked at again the next time.
    if (isWhole) await this.database.client.siteUpdate.updateMany({ where, data: { deletedAt: new Date() } });
    this.logger.info({ runId, round, updates: rows.length, chunks, bytes }, 'updates deleted');
  }

  /** Those of some chunks that a model, an update that is kept or an upload under way names. */
  private async named(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const wanted = [...digests];
    const rows = await this.database.client.$queryRaw<{ chunk: string }[]>`
      SELECT chunk FROM model, unnest(chunk_digests) AS chunk WHERE chunk_digests && ${wanted}::text[]
      UNION
      SELECT chunk FROM site_update, jsonb_array_elements_text(manifest->'chunkDigests') AS chunk
      WHERE given_up_at IS NULL AND manifest->'chunkDigests' ?| ${wanted}::text[]
      UNION
      SELECT chunk FROM upload, jsonb_array_elements_text(manifest->'chunkDigests') AS chunk
      WHERE manifest->'chunkDigests' ?| ${wanted}::text[]
        AND NOT EXISTS (SELECT FROM site_update u WHERE u.run_id = upload.run_id AND u.round = upload.round
                        AND u.site_id = upload.site_id AND u.given_up_at IS NOT NULL)
        AND EXISTS (SELECT FROM round r WHERE r.run_id = upload.run_id AND r.number = upload.round
                    AND r.state NOT IN ('closed', 'aborted'))`;
    return new Set(rows.map(({ chunk }) => chunk));
  }
}
