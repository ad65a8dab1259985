import { deriveSeed } from '@consilium/models';
import { type Manifest, manifestDigest } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { CHUNK_STORE, type ChunkStore } from '../chunks/chunk-store.js';
import type { StoredPlan } from '../plans/plan-register.js';
import type { Transaction } from '../platform/database.js';
import { initialWeights } from './initial-weights.js';
import { ModelRegistry } from './model-registry.js';
import { WeightWriter } from './weight-writer.js';

const PURPOSE = 'initial-weights';

/** The model that a run begins with. */
@Injectable()
export class InitialModel {
  constructor(
    private readonly registry: ModelRegistry,
    @Inject(CHUNK_STORE) private readonly store: ChunkStore,
  ) {}

  /** Makes the weights, which follow from the plan's seed alone, and stores their chunks. */
  async make({ plan, model, layout }: StoredPlan): Promise<{ manifest: Manifest; digest: string }> {
    const { spec, ports } = model;
    const writer = new WeightWriter(this.store);
    for await (const chunk of initialWeights({ spec, ports, seed: deriveSeed(plan.seed, 0, '', PURPOSE) }))
      await writer.write(chunk);
    const manifest = writer.manifest(layout);
    return { manifest, digest: manifestDigest(manifest) };
  }

  async register(transaction: Transaction, runId: string, { layout }: StoredPlan, manifest: Manifest): Promise<void> {
    await this.registry.store(transaction, manifest, layout, { runId, round: 0, siteId: null, origin: 'initial' });
  }
}
