import type { ModelResult, RunResults } from '../contract.js';
import { figure } from '../progress/words.js';
import { formatTable } from '../terminal.js';

/** Figures on test data; null where a metric is not defined, say an AUROC with one class only. */
export interface SiteRow {
  readonly site: string;
  /** Test examples of this site. */
  readonly examples: number;
  readonly before: number | null;
  /** The site's own model on its own test data. */
  readonly localOnly: number | null;
  readonly federated: number | null;
}

export interface PlanOutcome {
  readonly plan: string;
  readonly model: string;
  readonly metric: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly modelDigest: string;
  readonly sites: readonly SiteRow[];
  readonly overall: {
    readonly before: number | null;
    /** Mean over the sites' local models, each on all sites' test data. */
    readonly localOnly: number | null;
    readonly bestLocalOnly: number | null;
    readonly federated: number | null;
  };
}

export interface DemoOutcome {
  readonly seconds: number;
  readonly setupSeconds: number;
  readonly plans: readonly PlanOutcome[];
}

export interface OutcomeFacts {
  readonly plan: string;
  readonly model: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly federated: RunResults;
  readonly local: RunResults;
}

/** The closing figures of a plan from the results of its two runs. */
export function planOutcome(facts: OutcomeFacts): PlanOutcome {
  const { metric } = facts.federated;
  const initial = facts.federated.models.find(({ origin }) => origin === 'initial');
  const global = facts.federated.models
    .filter(({ origin }) => origin === 'global')
    .reduce<ModelResult | undefined>((last, model) => (!last || model.round > last.round ? model : last), undefined);
  const locals = facts.local.models.filter(({ origin }) => origin === 'local');
  const at = (model: ModelResult | undefined, site: string) =>
    model?.sites.find((row) => row.site === site)?.metrics[metric] ?? null;
  const overall = (model: ModelResult | undefined) => model?.overall.metrics[metric] ?? null;
  const localOverall = locals.map(overall).filter((value) => value !== null);
  return {
    plan: facts.plan,
    model: facts.model,
    metric,
    rounds: facts.rounds,
    seconds: facts.seconds,
    modelDigest: global?.digest ?? '',
    sites: (global?.sites ?? []).map(({ site, examples }) => ({
      site,
      examples,
      before: at(initial, site),
      localOnly: at(
        locals.find((model) => model.site === site),
        site,
      ),
      federated: at(global, site),
    })),
    overall: {
      before: overall(initial),
      localOnly:
        localOverall.length === 0 ? null : localOverall.reduce((sum, value) => sum + value, 0) / localOverall.length,
      bestLocalOnly: localOverall.length === 0 ? null : Math.max(...localOverall),
      federated: overall(global),
    },
  };
}

/** The closing table of a plan. */
export function outcomeTable(outcome: PlanOutcome): string {
  const head = ['site', 'examples', 'before', 'local only', 'federated', 'best local only'];
  const rows = outcome.sites.map((row) => [
    row.site,
    String(row.examples),
    figure(row.before),
    figure(row.localOnly),
    figure(row.federated),
    '',
  ]);
  const { before, localOnly, federated, bestLocalOnly } = outcome.overall;
  const examples = outcome.sites.reduce((sum, row) => sum + row.examples, 0);
  rows.push(['overall', String(examples), figure(before), figure(localOnly), figure(federated), figure(bestLocalOnly)]);
  const title = `${outcome.plan}: ${METRIC_NAMES[outcome.metric] ?? outcome.metric} on test data after ${outcome.rounds} rounds (${outcome.model}, ${outcome.seconds.toFixed(0)} s)`;
  return `${title}\n${formatTable(head, rows)}`;
}

const METRIC_NAMES: Readonly<Record<string, string>> = { dice: 'Dice', auroc: 'AUROC' };
