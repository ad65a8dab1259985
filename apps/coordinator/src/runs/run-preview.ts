import { ConsiliumError } from '@consilium/errors';
import { Injectable } from '@nestjs/common';
import { PlanRegister, type StoredPlan } from '../plans/plan-register.js';
import { PlanSize } from '../plans/plan-size.js';
import { SiteService } from '../sites/site.service.js';

/** What a person asks for; without `sites`, every connected site that has the dataset. */
export interface RunRequest {
  readonly planHash: string;
  readonly sites?: readonly string[] | undefined;
}

/** A plan and the sites that a run of it would invite, in the byte order of their ids. */
export interface PreviewedRun {
  readonly plan: StoredPlan;
  readonly sites: readonly string[];
}

@Injectable()
export class RunPreview {
  constructor(
    private readonly plans: PlanRegister,
    private readonly sites: SiteService,
    private readonly size: PlanSize,
  ) {}

  /** What a run would be, without making it. Errors  PLAN_NOT_FOUND, MODEL_TOO_LARGE, SITE_NOT_FOUND, QUORUM_NOT_MET. */
  async of({ planHash, sites: wanted }: RunRequest): Promise<PreviewedRun> {
    const plan = await this.plans.plan(planHash);
    // Anew: the bound may have been set since the plan was stored.
    this.size.require(plan.plan);
    const { quorum } = plan.plan.rounds;
    const sites = await this.invited(plan, wanted);
    if (sites.length < quorum) throw new ConsiliumError('QUORUM_NOT_MET', { sites: sites.length, quorum });
    return { plan, sites };
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
