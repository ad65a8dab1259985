import type { Plan } from '@consilium/plan';
import { type PrimaryMetric, primaryMetric } from '@consilium/validation';
import { Injectable } from '@nestjs/common';
import type { ModelOrigin } from '../generated/prisma/client.js';
import { Database } from '../platform/database.js';
import { bySite, type EvaluationRow, RunRepository } from './run.repository.js';
import { RunTransitions } from './run-transitions.js';
import { type SiteMetrics, type ValidationView, validationView } from './validation-view.js';

/** What a run has come to, on test data. */
export interface ResultsView {
  /** The metric that the models are judged by. */
  readonly metric: PrimaryMetric;
  readonly metrics: readonly string[];
  readonly models: readonly ModelResults[];
}

export interface ModelResults {
  readonly digest: string;
  readonly origin: ModelOrigin;
  /** Whose model it is; null for one of all sites. */
  readonly site: string | null;
  readonly round: number;
  readonly sites: readonly SiteMetrics[];
  /** The sites that were asked and whose statistics are not there, in site-id order. */
  readonly missing: readonly string[];
  /** From the added statistics of all of `sites`; no metrics before the first has come. */
  readonly overall: Omit<ValidationView, 'sites'>;
}

@Injectable()
export class Results {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly transitions: RunTransitions,
  ) {}

  /** Errors  RUN_NOT_FOUND. */
  async of(runId: string): Promise<ResultsView> {
    const loaded = await this.runs.read(runId);
    const rows = await this.database.client.evaluation.findMany({
      where: { runId, round: 0, split: 'test' },
      select: { modelDigest: true, siteId: true, state: true, statistics: true, scoreEdgesDigest: true },
    });
    const finals = await this.transitions.finalModels(this.database.client, loaded);
    const models = [
      { digest: loaded.run.initialModelDigest, origin: 'initial' as const, site: null, round: 0 },
      ...finals.map(({ digest, site, round }) => ({
        ...{ digest, site, round },
        origin: site === null ? ('global' as const) : ('local' as const),
      })),
    ].map((model) => ({
      ...model,
      ...judged(loaded.plan.plan, bySite(rows.filter((row) => row.modelDigest === model.digest))),
    }));
    const first = models.find((model) => Object.keys(model.overall.metrics).length > 0);
    return {
      metric: primaryMetric(loaded.plan.plan.task.kind),
      metrics: Object.keys(first?.overall.metrics ?? {}),
      models,
    };
  }
}

type AskedRow = Pick<EvaluationRow, 'siteId' | 'state' | 'statistics' | 'scoreEdgesDigest'>;

function judged(plan: Plan, rows: readonly AskedRow[]): Pick<ModelResults, 'sites' | 'missing' | 'overall'> {
  const received = rows.filter((row) => row.state === 'received');
  const missing = rows.filter((row) => row.state !== 'received').map((row) => row.siteId);
  if (received.length === 0)
    return { sites: [], missing, overall: { examples: 0, metrics: {}, bounds: {}, problem: null } };
  const { sites, ...overall } = validationView(plan, received);
  return { sites, missing, overall };
}
