import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '@consilium/engine';
import { type Plan, resolvePlan } from '@consilium/plan';
import { importSafetensors } from '@consilium/tensors';
import { consilium } from './demo-process.ts';
import { exactAuroc, type Score, scoresOf } from './exact-auroc.ts';

export interface FigureRow {
  /** Plan, seed, model and site. */
  readonly id: string;
  readonly films: number;
  /** By the models' own scores. */
  readonly exact: number | null;
  /** As the run's results have it, from counts. */
  readonly printed: number | null;
  readonly bound: number;
  readonly isWithin: boolean;
  /** By the models' own scores on the films of validation; of all sites together only. */
  readonly exactOnValidation?: number | null;
}

interface SiteFigures {
  readonly site: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly bounds: Readonly<Record<string, number | null>>;
}

interface ShownModel {
  readonly digest: string;
  readonly origin: 'initial' | 'global' | 'local';
  readonly site: string | null;
  readonly sites: readonly SiteFigures[];
  readonly overall: Omit<SiteFigures, 'site'>;
}

interface ShownRun {
  readonly id: string;
  readonly planHash: string;
  readonly strategy: string;
  readonly participants: readonly { readonly site: string; readonly datasetVersion: string }[];
  readonly results: { readonly metric: string; readonly models: readonly ShownModel[] };
}

interface Asked {
  readonly plan: string;
  readonly seed: number;
  /** Of the demo, whose coordinator is up. */
  readonly folder: string;
}

/** Rounding of the figures that a run keeps. */
const ROUNDING = 1e-9;

/** Each AUROC of the runs of a demo beside that of the model's own scores, as rows and as a table to print. */
export async function figuresOf(asked: Asked): Promise<{ readonly rows: FigureRow[]; readonly table: string }> {
  const federation = join(asked.folder, 'demo', 'federation');
  const list: { id: string }[] = JSON.parse(await consilium('run', 'list', '--json', '--dir', federation));
  const engine = await startEngine();
  const rows: FigureRow[] = [];
  const summary: { local: (number | null)[]; federated?: number | null } = { local: [] };
  try {
    for (const { id } of list) {
      const run: ShownRun = JSON.parse(await consilium('run', 'show', id, '--json', '--dir', federation));
      const plan = await planOf(run, federation);
      for (const model of run.results.models) {
        if (run.strategy === 'local' && model.origin === 'initial') continue; // the other run has it too
        const values = await weightsOf(model.digest, asked.folder, federation);
        const scores = new Map<string, Score[]>();
        const onValidation: Score[] = [];
        for (const { site, datasetVersion: version } of run.participants) {
          const at = { folder: join(asked.folder, 'demo', 'sites', `seed-${asked.seed}`, site), version };
          scores.set(site, await scoresOf(engine, plan, values, at, 'test'));
          onValidation.push(...(await scoresOf(engine, plan, values, at, 'validation')));
        }
        const name =
          model.origin === 'local' ? `local ${model.site}` : model.origin === 'global' ? 'federated' : 'initial';
        const id = `${asked.plan}/${asked.seed}/${name}`;
        for (const figures of model.sites)
          rows.push(rowOf(`${id}/${figures.site}`, scores.get(figures.site)!, figures, run.results.metric));
        const overall = rowOf(`${id}/overall`, [...scores.values()].flat(), model.overall, run.results.metric);
        rows.push({ ...overall, exactOnValidation: exactAuroc(onValidation) });
        if (name === 'federated') summary.federated = overall.exact;
        if (model.origin === 'local') summary.local.push(overall.exact);
      }
    }
  } finally {
    await engine.stop();
  }
  return { rows, table: `${tableOf(rows)}\n${summaryOf(asked, summary)}` };
}

function rowOf(id: string, scores: readonly Score[], figures: Omit<SiteFigures, 'site'>, metric: string): FigureRow {
  const exact = exactAuroc(scores);
  const [printed, bound] = [figures.metrics[metric] ?? null, figures.bounds[metric] ?? 0];
  const isWithin =
    exact === null || printed === null ? exact === printed : Math.abs(exact - printed) <= bound + ROUNDING;
  return { id, films: scores.length, exact, printed, bound, isWithin };
}

async function planOf({ planHash }: ShownRun, federation: string): Promise<Plan> {
  const { url } = JSON.parse(readFileSync(join(federation, 'up.json'), 'utf8'));
  const token = readFileSync(join(federation, 'token'), 'utf8').trim();
  const response = await fetch(`${url}/api/plans/${planHash}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`the plan ${planHash}: ${response.status}`);
  return resolvePlan(((await response.json()) as { plan: unknown }).plan);
}

async function weightsOf(digest: string, folder: string, federation: string): Promise<Float32Array> {
  const file = join(folder, `${digest}.safetensors`);
  await consilium('model', 'export', digest, '--out', file, '--dir', federation);
  return importSafetensors(readFileSync(file)).values;
}

function tableOf(rows: readonly FigureRow[]): string {
  const cells = rows.map(({ id, films, exact, printed, bound, isWithin, exactOnValidation }) => {
    const difference = exact === null || printed === null ? null : printed - exact;
    return [
      ...[id, String(films), text(exact), text(printed), text(difference), text(bound), isWithin ? '' : 'BEYOND'],
      exactOnValidation === undefined ? '' : text(exactOnValidation),
    ];
  });
  const head = ['figure', 'films', 'exact', 'printed', 'difference', 'bound', '', 'exact, validation'];
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((row) => row[column]!.length)));
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function summaryOf(
  { plan, seed }: Asked,
  { local, federated = null }: { readonly local: readonly (number | null)[]; readonly federated?: number | null },
): string {
  const known = local.filter((value) => value !== null);
  const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  const best = known.length === 0 ? null : Math.max(...known);
  const verdict = federated !== null && best !== null && federated > best ? 'beats' : 'does not beat';
  return `${plan}, seed ${seed}, by exact AUROC overall: federated ${text(federated)}, local only ${text(mean)} (mean), ${text(best)} (best): federating ${verdict} the best local model`;
}

function text(value: number | null): string {
  return value === null ? '–' : value.toFixed(4);
}
