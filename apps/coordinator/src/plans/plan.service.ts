import { buildModel, modelPorts } from '@consilium/models';
import { canonicalPlan, checkPlan, planHash, planProse } from '@consilium/plan';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { Database } from '../platform/database.js';
import { InvalidRequest } from '../platform/error-translation.js';
import { PERSON } from '../platform/person.js';
import { PlanRegister, type StoredPlan } from './plan-register.js';

@Injectable()
export class PlanService {
  constructor(
    private readonly database: Database,
    private readonly register: PlanRegister,
    private readonly audit: AuditLog,
  ) {}

  /** Stores a plan. The same plan again is the same answer. Errors  PLAN_INVALID with every problem; MODEL_SPEC_INVALID. */
  async create(input: unknown): Promise<StoredPlan> {
    const check = checkPlan(input);
    if (!check.ok) throw new InvalidRequest('PLAN_INVALID', check.problems);
    const { plan } = check;
    buildModel(plan.model, modelPorts(plan));
    const hash = planHash(plan);
    await this.database.transaction(async (transaction) => {
      const canonical = Uint8Array.from(canonicalPlan(plan));
      const { count } = await transaction.plan.createMany({
        data: [{ hash, name: plan.name, canonical }],
        skipDuplicates: true,
      });
      if (count === 0) return;
      await this.audit.append(transaction, [
        { type: 'plan.create', actor: PERSON, subject: subject('plan', hash), payload: { name: plan.name } },
      ]);
    });
    return this.register.plan(hash);
  }

  async find(hash: string): Promise<StoredPlan> {
    return this.register.plan(hash);
  }

  /** Oldest first. */
  async list(): Promise<StoredPlan[]> {
    const rows = await this.database.client.plan.findMany({
      select: { hash: true },
      orderBy: [{ createdAt: 'asc' }, { hash: 'asc' }],
    });
    return Promise.all(rows.map(({ hash }) => this.register.plan(hash)));
  }
}

/** A plan as HTTP shows it. */
export function planView({ hash, plan }: StoredPlan) {
  return { hash, name: plan.name, plan, prose: planProse(plan) };
}
