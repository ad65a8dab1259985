import type { ModelResult, RunResults } from '../contract.js';
import { figure, RESOLVED_WITHIN } from '../progress/words.js';
import { formatTable } from '../terminal.js';

/** Figures on test data; null where there is none: no result came, or the metric is not defined, say an AUROC with one class only. */
export interface SiteRow {
  readonly site: string;
  /** Test examples of this site; null when no result of it came. */
  readonly examples: number | null;
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
  /** Each figure over the sites whose results came; see `missing`. */
  readonly overall: {
    readonly before: number | null;
    /** Mean over the sites' local models, each on all sites' test data. */
    readonly localOnly: number | null;
    readonly bestLocalOnly: number | null;
    readonly federated: number | null;
  };
  /** How far figures may be from those of the models' own scores, at most; null where they are exact. */
  readonly bound: { readonly overall: number; readonly site: number } | null;
  /** The models that lack results, and of which sites: their overall figures are not of the same data as the others'. */
  readonly missing: readonly MissingResults[];
}

export interface MissingResults {
  /** `before`, `federated`, or `local only of alder`. */
  readonly model: string;
  readonly sites: readonly string[];
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
  // A figure without a site's films is of other data: it is in no mean, and is no best.
  const localOverall = locals
    .filter(({ missing }) => missing.length === 0)
    .map(overall)
    .filter((value) => value !== null);
  return {
    plan: facts.plan,
    model: facts.model,
    metric,
    rounds: facts.rounds,
    seconds: facts.seconds,
    modelDigest: global?.digest ?? '',
    sites: sitesAsked([...facts.federated.models, ...facts.local.models]).map((site) => ({
      site,
      examples: examplesOf([global, initial, ...locals], site),
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
    bound: boundOf([initial, global, ...locals], metric),
    missing: [
      { model: 'before', sites: initial?.missing ?? [] },
      ...locals.map((model) => ({ model: `local only of ${model.site}`, sites: model.missing })),
      { model: 'federated', sites: global?.missing ?? [] },
    ].filter(({ sites }) => sites.length > 0),
  };
}

function boundOf(models: readonly (ModelResult | undefined)[], metric: string): PlanOutcome['bound'] {
  const judged = models.filter((model) => model !== undefined);
  const overall = judged.flatMap((model) => model.overall.bounds[metric] ?? []);
  const site = judged.flatMap((model) => model.sites.flatMap((row) => row.bounds[metric] ?? []));
  return overall.length === 0 ? null : { overall: Math.max(...overall), site: Math.max(0, ...site) };
}

/** Every site that was asked for a result of some model, in site-id order. */
function sitesAsked(models: readonly ModelResult[]): string[] {
  return [...new Set(models.flatMap(({ sites, missing }) => [...sites.map(({ site }) => site), ...missing]))].sort();
}

function examplesOf(models: readonly (ModelResult | undefined)[], site: string): number | null {
  return models.flatMap((model) => model?.sites ?? []).find((row) => row.site === site)?.examples ?? null;
}

/** The closing table of a plan. */
export function outcomeTable(outcome: PlanOutcome): string {
  const head = ['site', 'examples', 'before', 'local only', 'federated', 'best local only'];
  const rows = outcome.sites.map((row) => [
    row.site,
    row.examples === null ? '–' : String(row.examples),
    figure(row.before),
    figure(row.localOnly),
    figure(row.federated),
    '',
  ]);
  const { before, localOnly, federated, bestLocalOnly } = outcome.overall;
  const examples = outcome.sites.reduce((sum, row) => sum + (row.examples ?? 0), 0);
  rows.push(['overall', String(examples), figure(before), figure(localOnly), figure(federated), figure(bestLocalOnly)]);
  const title = `${outcome.plan}: ${METRIC_NAMES[outcome.metric] ?? outcome.metric} on test data after ${outcome.rounds} rounds (${outcome.model}, ${outcome.seconds.toFixed(0)} s)`;
  return [title, formatTable(head, rows), ...boundLine(outcome.bound), ...missingLine(outcome.missing)].join('\n');
}

function boundLine(bound: PlanOutcome['bound']): string[] {
  if (bound === null) return [];
  const line = `Scores are counted in bins: overall within ±${bound.overall.toFixed(3)} of the exact figure, at one site within ±${bound.site.toFixed(3)}.`;
  const widest = Math.max(bound.overall, bound.site);
  return widest > RESOLVED_WITHIN
    ? [line, 'Two figures can be told apart only beyond the sum of their bounds.']
    : [line];
}

function missingLine(missing: readonly MissingResults[]): string[] {
  if (missing.length === 0) return [];
  const named = missing.map(({ model, sites }) => `${model}: ${sites.join(', ')}`).join('; ');
  return [`Test results are missing (${named}): the overall figures are without them, and not of the same data.`];
}

const METRIC_NAMES: Readonly<Record<string, string>> = { dice: 'Dice', auroc: 'AUROC' };
