import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConsiliumError } from '@consilium/errors';
import { type Authority, issueSiteCertificate } from '@consilium/pki';
import type { FilmPlanName } from '@consilium/testkit';
import { writeTlsFolder, writeWhole } from '../federation-folder.js';
import { programFile } from '../installation.js';
import { runChild } from '../processes/run-child.js';
import type { DemoFolder } from './demo-folder.js';
import type { FilmRequest } from './make-films.js';
import type { DemoPlan } from './plan-catalogue.js';
import { type DemoSite, pseudonymKey } from './sites.js';

export interface Preparation {
  readonly folder: DemoFolder;
  readonly plans: readonly DemoPlan[];
  readonly seed: number;
  readonly data: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
}

/** Every site once, also when several plans have it. */
export function sitesOf(plans: readonly DemoPlan[]): DemoSite[] {
  const all = new Map(plans.flatMap(({ sites }) => sites.map((site) => [site.id, site] as const)));
  return [...all.values()];
}

/** Gives every site its films and lets its own agent's program read them in. What an earlier demo prepared is kept. */
export async function prepareDatasets(preparation: Preparation): Promise<void> {
  const { folder, plans, seed } = preparation;
  for (const site of sitesOf(plans)) {
    const root = folder.siteFolder(seed, site);
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeWhole(path.join(root, 'pseudonym.key'), `${pseudonymKey(seed, site.id)}\n`);
  }
  const missing = plans.flatMap((plan) =>
    plan.sites
      .filter((site) => trainingExamples(folder, seed, plan, site) === undefined)
      .map((site) => ({ plan, site })),
  );
  // The films of a plan's hospitals are made together, and wait for nothing; each hospital then reads in its own.
  const made = new Map<string, Promise<void>>();
  await inParallel(missing, availableParallelism(), async ({ plan, site }) => {
    const order = orderOf(preparation, plan, site);
    const films = made.get(order.folder) ?? makeFilms(preparation, plan, order);
    made.set(order.folder, films);
    await films;
    await addDataset(preparation, plan, site);
  });
}

/** Training examples of each site, over all plans: how the work will be shared. */
export function examplesPerSite(folder: DemoFolder, plans: readonly DemoPlan[], seed: number): number[] {
  return sitesOf(plans).map((site) =>
    plans.reduce((sum, plan) => sum + (trainingExamples(folder, seed, plan, site) ?? 0), 0),
  );
}

/** Undefined while the site's dataset of the plan is not prepared. */
function trainingExamples(folder: DemoFolder, seed: number, plan: DemoPlan, site: DemoSite): number | undefined {
  return folder.preparedExamples(folder.siteFolder(seed, site), plan.federated.data.dataset);
}

/** What an agent needs beside its data: certificate, and where to dial. Written at each start: the port may be another. */
export async function equipSite(
  siteFolder: string,
  site: DemoSite,
  authority: Authority,
  grpcAddress: string,
): Promise<void> {
  const issued = await issueSiteCertificate(authority, { siteId: site.id });
  await writeTlsFolder(path.join(siteFolder, 'tls'), issued, 'site');
  const settings = { federation: authority.federation, siteId: site.id, coordinator: [grpcAddress] };
  await writeWhole(path.join(siteFolder, 'site.json'), JSON.stringify(settings, null, 2));
}

async function makeFilms(preparation: Preparation, plan: DemoPlan, order: FilmRequest): Promise<void> {
  // What is there is whole, for the program makes it beside its place; a pack may have got a hospital since.
  const parts = order.kind === 'phantom' ? [''] : order.sites;
  if (parts.every((part) => existsSync(path.join(order.folder, part)))) return;
  const { folder, environment, stop } = preparation;
  const whose = order.kind === 'phantom' ? `${plan.name}-${order.siteId}` : plan.name;
  await mkdir(path.dirname(order.folder), { recursive: true, mode: 0o700 });
  const file = fileURLToPath(new URL('./make-films.js', import.meta.url));
  const logFile = path.join(folder.logs, `films-${whose}.log`);
  await runChild({ name: `films of ${whose}`, file, words: [JSON.stringify(order)], environment, logFile, stop });
}

async function addDataset(preparation: Preparation, plan: DemoPlan, site: DemoSite): Promise<void> {
  const { folder, seed, environment, stop } = preparation;
  const { dataset } = plan.federated.data;
  const siteFolder = folder.siteFolder(seed, site);
  const films = folder.filmFolder(seed, plan.name, site);
  const words = ['dataset', 'add', dataset, '--from', films, '--dir', siteFolder, '--json'];
  // The films are drawn or public, with marks of the side that a search for text would find: no person has to look at them.
  words.push('--text-check', 'tag');
  // Phantoms cost nothing: many test films make the differences in the closing table more than luck.
  if (site.kind === 'phantom') words.push('--shares', '40,15,45');
  const logFile = path.join(folder.logs, `dataset-${dataset}-${site.id}.log`);
  const name = `dataset ${dataset} of ${site.id}`;
  const output = await runChild({ name, file: programFile('site-agent'), words, environment, logFile, stop });
  const { train } = JSON.parse(output) as { train: number };
  await folder.rememberPrepared(siteFolder, dataset, train);
}

function orderOf({ folder, seed, data }: Preparation, plan: DemoPlan, site: DemoSite): FilmRequest {
  const films = folder.filmFolder(seed, plan.name, site);
  if (site.kind === 'phantom') {
    const { kind: task } = plan.federated.task;
    return { kind: 'phantom', task, siteId: site.id, profile: site.profile, seed, folder: films };
  }
  if (data === undefined) throw new ConsiliumError('CONFIG_INVALID', { option: '--data' });
  const hospitals = plan.sites.map(({ id }) => id);
  const name = plan.name as FilmPlanName;
  return { kind: 'films', plan: name, sites: hospitals, data: path.resolve(data), folder: path.dirname(films) };
}

async function inParallel<T>(items: readonly T[], workers: number, act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await act(item);
      } catch (error) {
        queue.length = 0; // the others need not begin what will be thrown away
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: workers }, work));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
