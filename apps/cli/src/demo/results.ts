import { figure, isUnresolved, UNRESOLVED } from '@consilium/validation';
import type { ModelResult, RunResults } from '../contract.js';
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
  readonly bounds: FigureBounds<'before' | 'localOnly' | 'federated'>;
}

/** How far figures may be from those of the models' own scores; null where they are exact, or where there is none. */
export type FigureBounds<K extends string> = Readonly<Record<K, number | null>>;

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
    readonly bounds: FigureBounds<'before' | 'localOnly' | 'bestLocalOnly' | 'federated'>;
  };
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
  const at = (model: ModelResult | undefined, site: string): Figure => {
    const row = model?.sites.find((figures) => figures.site === site);
    return figureOf(row, metric);
  };
  // A figure without a site's films is of other data: it is in no mean, and is no best.
  const localOverall = locals
    .filter(({ missing }) => missing.length === 0)
    .map((model) => figureOf(model.overall, metric))
    .filter(isKnown);
  return {
    plan: facts.plan,
    model: facts.model,
    metric,
    rounds: facts.rounds,
    seconds: facts.seconds,
    modelDigest: global?.digest ?? '',
    sites: sitesAsked([...facts.federated.models, ...facts.local.models]).map((site) => {
      const own = locals.find((model) => model.site === site);
      const figures = { before: at(initial, site), localOnly: at(own, site), federated: at(global, site) };
      return { site, examples: examplesOf([global, initial, ...locals], site), ...withBounds(figures) };
    }),
    overall: withBounds({
      before: figureOf(initial?.overall, metric),
      localOnly: mean(localOverall),
      bestLocalOnly: greatest(localOverall),
      federated: figureOf(global?.overall, metric),
    }),
    missing: [
      { model: 'before', sites: initial?.missing ?? [] },
      ...locals.map((model) => ({ model: `local only of ${model.site}`, sites: model.missing })),
      { model: 'federated', sites: global?.missing ?? [] },
    ].filter(({ sites }) => sites.length > 0),
  };
}

interface Figure {
  readonly value: number | null;
  readonly bound: number | null;
}

function figureOf(judged: Pick<ModelResult['overall'], 'metrics' | 'bounds'> | undefined, metric: string): Figure {
  return { value: judged?.metrics[metric] ?? null, bound: judged?.bounds[metric] ?? null };
}

type KnownFigure = Figure & { readonly value: number };

function isKnown(figure: Figure): figure is KnownFigure {
  return figure.value !== null;
}

const NO_FIGURE: Figure = { value: null, bound: null };

function mean(figures: readonly KnownFigure[]): Figure {
  if (figures.length === 0) return NO_FIGURE;
  const of = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const bound = figures.every(isExact) ? null : of(figures.map((figure) => figure.bound ?? 0));
  return { value: of(figures.map(({ value }) => value)), bound };
}

/** The greatest of the exact figures lies between the greatest of their lower ends and the greatest of their upper ends. */
function greatest(figures: readonly KnownFigure[]): Figure {
  if (figures.length === 0) return NO_FIGURE;
  const ends = (side: -1 | 0 | 1) => Math.max(...figures.map(({ value, bound }) => value + side * (bound ?? 0)));
  const value = ends(0);
  return { value, bound: figures.every(isExact) ? null : Math.max(ends(1) - value, value - ends(-1)) };
}

function isExact({ bound }: Figure): boolean {
  return bound === null;
}

function withBounds<K extends string>(
  figures: Readonly<Record<K, Figure>>,
): Readonly<Record<K, number | null>> & { readonly bounds: FigureBounds<K> } {
  const pick = (key: keyof Figure) =>
    Object.fromEntries(Object.entries<Figure>(figures).map(([name, found]) => [name, found[key]])) as Record<
      K,
      number | null
    >;
  return { ...pick('value'), bounds: pick('bound') };
}

/** Every site that was asked for a result of some model, in site-id order. */
function sitesAsked(models: readonly ModelResult[]): string[] {
  return [...new Set(models.flatMap(({ sites, missing }) => [...sites.map(({ site }) => site), ...missing]))].sort();
}

function examplesOf(models: readonly (ModelResult | undefined)[], site: string): number | null {
  return models.flatMap((model) => model?.sites ?? []).find((row) => row.site === site)?.examples ?? null;
}

/** The closing table of a plan. */
export function outcomeTable(outcome: PlanOutcome): string[] {
  const head = ['site', 'examples', 'before', 'local only', 'federated', 'best local only'];
  const rows = outcome.sites.map(({ bounds, ...row }) => [
    row.site,
    row.examples === null ? '–' : String(row.examples),
    figure(row.before, bounds.before),
    figure(row.localOnly, bounds.localOnly),
    figure(row.federated, bounds.federated),
    '',
  ]);
  const { bounds, ...overall } = outcome.overall;
  const examples = outcome.sites.reduce((sum, row) => sum + (row.examples ?? 0), 0);
  rows.push([
    'overall',
    String(examples),
    figure(overall.before, bounds.before),
    figure(overall.localOnly, bounds.localOnly),
    figure(overall.federated, bounds.federated),
    figure(overall.bestLocalOnly, bounds.bestLocalOnly),
  ]);
  const title = `${outcome.plan}: ${METRIC_NAMES[outcome.metric] ?? outcome.metric} on test data after ${outcome.rounds} rounds (${outcome.model}, ${outcome.seconds.toFixed(0)} s)`;
  return [title, ...formatTable(head, rows), ...boundLine(outcome), ...missingLine(outcome.missing)];
}

function boundLine({ sites, overall }: PlanOutcome): string[] {
  const bounds = [...sites, overall].flatMap((row) => Object.values(row.bounds));
  return bounds.some(isUnresolved) ? [UNRESOLVED] : [];
}

function missingLine(missing: readonly MissingResults[]): string[] {
  if (missing.length === 0) return [];
  const named = missing.map(({ model, sites }) => `${model}: ${sites.join(', ')}`).join('; ');
  return [`Test results are missing (${named}): the overall figures are without them, and not of the same data.`];
}

const METRIC_NAMES: Readonly<Record<string, string>> = { dice: 'Dice', auroc: 'AUROC' };
