import { aggregateModel, groupsOf, type Weighing } from '@consilium/aggregation';
import { ConsiliumError } from '@consilium/errors';
import type { Manifest } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import { ModelRegistry } from '../models/model-registry.js';
import { WeightWriter } from '../models/weight-writer.js';
import type { StoredPlan } from '../plans/plan-register.js';
import { CONFIG, type Config } from '../platform/config.js';
import { Database } from '../platform/database.js';

/** A round whose submissions are closed. */
export interface RoundToAggregate {
  readonly runId: string;
  readonly round: number;
  readonly plan: StoredPlan;
}

/** A model that a round has made; the site is null for the one of all. */
export interface Candidate {
  readonly siteId: string | null;
  readonly manifest: Manifest;
  readonly isFinite: boolean;
  readonly weighings: readonly Weighing[];
}

/**
 * Makes the candidates of a round from the accepted updates in the chunk store. It changes nothing but the chunk store, where
 * the same bytes have the same name: killed and begun again, it ends with the same candidates.
 */
@Injectable()
export class AggregateRound {
  constructor(
    private readonly database: Database,
    private readonly registry: ModelRegistry,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
    @Inject(CONFIG) private readonly config: Pick<Config, 'reach'>,
  ) {}

  /** Errors  those of `aggregateModel`; STOPPED when `signal` fires. */
  async candidates({ runId, round, plan }: RoundToAggregate, signal: AbortSignal): Promise<Candidate[]> {
    const rows = await this.database.client.siteUpdate.findMany({ where: { runId, round } });
    const updates = rows.map((row) => ({
      siteId: row.siteId,
      exampleCount: Number(row.exampleCount),
      deltaNorm: row.deltaNorm,
      baseModelDigest: row.baseModelDigest,
      manifest: row.manifest as unknown as Manifest,
    }));
    const candidates: Candidate[] = [];
    for (const group of groupsOf(plan.strategy, updates)) {
      const base = await this.registry.model(group.updates[0]!.baseModelDigest);
      const writer = new WeightWriter(this.store);
      const outcome = await aggregateModel({
        strategy: plan.strategy,
        layout: plan.layout,
        round,
        updates: group.updates,
        bounds: plan.bounds,
        readChunk: (update, chunk, into) => this.store.readInto(update.manifest.chunkDigests[chunk]!, into),
        readGlobal: (chunk, into) => this.store.readInto(base.manifest.chunkDigests[chunk]!, into),
        writeChunk: async (_, bytes) => {
          if (signal.aborted) throw new ConsiliumError('STOPPED');
          await writer.write(bytes);
          this.config.reach('aggregating');
        },
      });
      candidates.push({ siteId: group.siteId, manifest: writer.manifest(plan.layout), ...outcome });
    }
    return candidates;
  }
}
