import { ConsiliumError, ERRORS } from '@consilium/errors';
import type { Plan } from '@consilium/plan';
import {
  addStatistics,
  judgedExamples,
  type MetricBounds,
  type Metrics,
  metricBounds,
  metricsOf,
  requireValidStatistics,
  type Statistics,
  statisticsShape,
} from '@consilium/validation';

/** Metrics of all sites together, computed from the sums, and of each site. */
export interface ValidationView {
  readonly metrics: Metrics;
  /** How far those that are computed from bins may be from the model's own scores. */
  readonly bounds: MetricBounds;
  readonly sites: readonly SiteMetrics[];
  /** Films or examples of all sites. */
  readonly examples: number;
  /** Why there are no metrics of all sites; null when there are. */
  readonly problem: string | null;
}

export interface SiteMetrics {
  readonly site: string;
  readonly examples: number;
  readonly metrics: Metrics;
  readonly bounds: MetricBounds;
  /** Why there are none; null when there are. */
  readonly problem: string | null;
}

/** What is stored of an evaluation. It may be older than the rules by which statistics are accepted today. */
export interface StoredStatistics {
  readonly siteId: string;
  readonly statistics: unknown;
  /** Of the bins that scores were counted in. */
  readonly scoreEdgesDigest: string | null;
}

/**
 * The metrics of stored statistics. Where some cannot be used, those of all sites are not computable, with the reason: a sum over the
 * rest would be a figure of something else. It never fails: one bad row must not hide a run.
 */
export function validationView(plan: Plan, rows: readonly StoredStatistics[]): ValidationView {
  const shape = statisticsShape(plan);
  const read = rows.map(({ siteId, statistics }) => ({
    siteId,
    ...orProblem(() => {
      const valid = requireValidStatistics(statistics, shape);
      return {
        statistics: valid,
        examples: judgedExamples(valid),
        metrics: metricsOf(valid),
        bounds: metricBounds(valid),
      };
    }),
  }));
  const sites = read.map(({ siteId: site, value, problem }) => ({
    ...{ site, examples: value?.examples ?? 0, metrics: value?.metrics ?? {}, bounds: value?.bounds ?? {}, problem },
  }));
  const bad = sites.find((site) => site.problem !== null);
  if (bad !== undefined) return { ...NO_METRICS, sites, problem: `${bad.site}: ${bad.problem}` };
  if (rows.some((row) => row.scoreEdgesDigest !== rows[0]?.scoreEdgesDigest))
    return { ...NO_METRICS, sites, problem: 'The sites counted scores in different bins.' };
  const { value, problem } = orProblem(() => addStatistics(read.map((row) => row.value?.statistics as Statistics)));
  if (value === null) return { ...NO_METRICS, sites, problem };
  const examples = judgedExamples(value);
  return { metrics: metricsOf(value), bounds: metricBounds(value), sites, examples, problem: null };
}

const NO_METRICS = { metrics: {}, bounds: {}, examples: 0 } as const;

function orProblem<T>(compute: () => T): { value: T; problem: null } | { value: null; problem: string } {
  try {
    return { value: compute(), problem: null };
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    const { problem } = error.detail;
    return { value: null, problem: `${ERRORS[error.code].say}${problem === undefined ? '' : ` (${problem})`}` };
  }
}
