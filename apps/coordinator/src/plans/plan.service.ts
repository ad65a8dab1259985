import { ConsiliumError, ERRORS } from '@consilium/errors';
import { canonicalPlan, checkPlan, type Plan, planHash, planProse } from '@consilium/plan';
import { Injectable } from '@nestjs/common';
import { AuditLog, subject } from '../audit/audit-log.js';
import { Database } from '../platform/database.js';
import { InvalidRequest } from '../platform/error-translation.js';
import { PERSON } from '../platform/person.js';
import { PlanRegister, type StoredPlan } from './plan-register.js';
import { PlanSize } from './plan-size.js';

@Injectable()
export class PlanService {
  constructor(
    private readonly database: Database,
    private readonly register: PlanRegister,
    private readonly audit: AuditLog,
    private readonly size: PlanSize,
  ) {}

  /** Stores a plan. The same plan again is the same answer. Errors  PLAN_INVALID with every problem; MODEL_SPEC_INVALID, MODEL_TOO_LARGE. */
  async create(input: unknown): Promise<StoredPlan> {
    const check = checkPlan(input);
    if (!check.ok) throw new InvalidRequest('PLAN_INVALID', check.problems);
    const { plan } = check;
    this.size.require(plan);
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

  /** Oldest first. One that cannot be read, of another vocabulary say, is told by its name: it must not hide the others. */
  async list(): Promise<PlanView[]> {
    const rows = await this.database.client.plan.findMany({
      select: { hash: true, name: true },
      orderBy: [{ createdAt: 'asc' }, { hash: 'asc' }],
    });
    const views: PlanView[] = [];
    for (const { hash, name } of rows)
      views.push(await this.register.plan(hash).then(planView, (error) => unreadable(hash, name, error)));
    return views;
  }
}

function unreadable(hash: string, name: string, error: unknown): PlanView {
  if (!(error instanceof ConsiliumError) || error.kind === 'unavailable') throw error;
  return { hash, name, plan: null, prose: '', problem: ERRORS[error.code].say };
}

/** A plan as HTTP shows it. */
export interface PlanView {
  readonly hash: string;
  readonly name: string;
  readonly plan: Plan | null;
  readonly prose: string;
  /** Why there is no plan to show; null when there is. */
  readonly problem: string | null;
}

export function planView({ hash, plan }: StoredPlan): PlanView {
  return { hash, name: plan.name, plan, prose: planProse(plan), problem: null };
}
