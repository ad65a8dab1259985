import { type AggregationStrategy, strategyNamed, type WeightBounds } from '@consilium/aggregation';
import { ConsiliumError } from '@consilium/errors';
import { buildModel, type Model, modelPorts } from '@consilium/models';
import { type Plan, planFromCanonical } from '@consilium/plan';
import { type Layout, layoutDigest } from '@consilium/tensors';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../platform/database.js';

/** A stored plan and what follows from it. */
export interface StoredPlan {
  readonly hash: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly plan: Plan;
  readonly model: Model;
  readonly layout: Layout;
  readonly layoutDigest: string;
  readonly strategy: AggregationStrategy;
  readonly bounds: WeightBounds;
}

/** Plans by hash. They never change, so each is read and checked once. */
@Injectable()
export class PlanRegister {
  private readonly known = new Map<string, StoredPlan>();

  constructor(private readonly database: Database) {}

  /** Inside of a transaction with its client. Errors  PLAN_NOT_FOUND, PLAN_HASH_MISMATCH when the stored bytes were changed. */
  async plan(hash: string, client?: Pick<Transaction, 'plan'>): Promise<StoredPlan> {
    const known = this.known.get(hash);
    if (known !== undefined) return known;
    const row = await (client ?? this.database.client).plan.findUnique({ where: { hash } });
    if (row === null) throw new ConsiliumError('PLAN_NOT_FOUND', { hash });
    const stored = understood(hash, row.canonical);
    this.known.set(hash, stored);
    return stored;
  }
}

function understood(hash: string, bytes: Uint8Array<ArrayBuffer>): StoredPlan {
  const plan = planFromCanonical(bytes, hash);
  const model = buildModel(plan.model, modelPorts(plan));
  return {
    hash,
    bytes,
    plan,
    model,
    layout: model.layout,
    layoutDigest: layoutDigest(model.layout),
    strategy: strategyNamed(plan.strategy.name),
    // A plan writes 0 for a limit that it does without.
    bounds: {
      maximumShare: plan.rounds.maximumShare,
      clipToMedianNorm: plan.protection.clipToMedianNorm || null,
    },
  };
}
