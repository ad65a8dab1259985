import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { localTwin, type Plan, planHash, withOverrides } from '@consilium/plan';
import { loadPlan } from '../commands/plan.js';
import { AdvisedError, UsageError } from '../failure.js';
import { PLANS } from '../installation.js';
import { type DemoSite, phantomSites } from './sites.js';

/** Plans on real films: their task in tasks.json, which lists the sites. */
const TASK_OF_PLAN: Readonly<Record<string, string>> = {
  'lung-segmentation': 'seg_lung',
  tuberculosis: 'cls_tb',
  abnormal: 'cls_abnormal',
  sex: 'cls_sex',
};

export interface DemoPlan {
  readonly name: string;
  readonly federated: Plan;
  /** The baseline: the same plan with the strategy `local`. */
  readonly local: Plan;
  readonly sites: readonly DemoSite[];
}

export interface PlanChoice {
  readonly plan: readonly string[];
  readonly sites: number;
  readonly seed: number;
  readonly rounds?: number | undefined;
  readonly data?: string | undefined;
  readonly normalisation?: 'group' | 'batch' | undefined;
}

export interface PlanLine {
  readonly name: string;
  readonly needsData: boolean;
  readonly line: string;
}

/** The plans that come with the demo, a line each. */
export async function listPlans(): Promise<PlanLine[]> {
  const names = await planNames();
  return Promise.all(
    names.map(async (name) => {
      const { task, model, rounds } = await loadPlan(fileOf(name));
      const kind = model.family === 'unet' ? 'U-Net' : `ResNet-${model.layers}`;
      const what = task.kind === 'segmentation' ? task.structures.join(', ') : task.classes.join(' or ');
      return { name, needsData: name in TASK_OF_PLAN, line: `${kind}, ${rounds.count} rounds: ${what}` };
    }),
  );
}

/** The chosen plans with the options of the command line written into them. Errors  as UsageError. */
export async function choosePlans(choice: PlanChoice): Promise<DemoPlan[]> {
  const known = await planNames();
  const unknown = choice.plan.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no plan ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  return Promise.all(
    choice.plan.map(async (name) => {
      const sites = name in TASK_OF_PLAN ? await filmSites(name, choice.data) : phantomSites(choice.sites, choice.seed);
      const written = await loadPlan(fileOf(name));
      // Every site counts: a table that lacks one would compare what cannot be compared.
      const { rounds, seed, normalisation } = choice;
      const federated = withOverrides(written, { rounds, seed, normalisation, quorum: sites.length });
      return { name, federated, local: localTwin(federated), sites };
    }),
  );
}

export function hashOf(plan: Plan): string {
  return planHash(plan);
}

async function planNames(): Promise<string[]> {
  const files = await readdir(PLANS);
  const names = files.filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length));
  // The two phantom plans first: they are the ones that run when nothing is said.
  const rank = (name: string) => (name in TASK_OF_PLAN ? 1 : 0);
  return names.sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1));
}

function fileOf(name: string): string {
  return path.join(PLANS, `${name}.yaml`);
}

async function filmSites(name: string, data: string | undefined): Promise<DemoSite[]> {
  if (!data) throw new UsageError(`The plan ${name} runs on real films: name their folder with --data.`);
  const file = path.join(data, 'tasks.json');
  try {
    const { tasks } = JSON.parse(await readFile(file, 'utf8')) as { tasks: { id: string; sites: string[] }[] };
    const task = tasks.find(({ id }) => id === TASK_OF_PLAN[name]);
    if (!task) throw new AdvisedError('NOT_FOUND', 'Check the folder of --data.', { task: TASK_OF_PLAN[name] ?? '' });
    return task.sites.map((id) => ({ id, kind: 'films' }));
  } catch (error) {
    if (error instanceof AdvisedError) throw error;
    throw new AdvisedError('NOT_FOUND', 'Name the folder with the real films with --data.', { file }, error);
  }
}
