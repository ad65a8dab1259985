import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { deletePostgres } from '@consilium/postgres';
import { AdvisedError } from '../failure.js';
import { type FederationFolder, federationFolder, readJson, writeWhole } from '../federation-folder.js';
import type { DemoSite } from './sites.js';

/** What the demo remembers from start to start. */
interface Memory {
  /** Plan hash and sites -> run. */
  readonly runs: Record<string, string>;
  /** Site folder and dataset -> training examples of the prepared dataset. */
  readonly prepared: Record<string, number>;
  /** Process ids of the agents of this start. */
  readonly agents: readonly number[];
}

/** The folder of the demo: the federation's, one for each site, the films that the sites read, models and logs. */
export class DemoFolder {
  readonly federation: FederationFolder;
  #memory: Memory = { runs: {}, prepared: {}, agents: [] };

  private constructor(readonly root: string) {
    this.federation = federationFolder(path.join(root, 'federation'));
  }

  static async open(root: string): Promise<DemoFolder> {
    const folder = new DemoFolder(path.resolve(root));
    await mkdir(folder.logs, { recursive: true, mode: 0o711 });
    await mkdir(folder.models, { recursive: true });
    folder.#memory = { ...folder.#memory, ...(await readJson<Memory>(folder.#file)) };
    return folder;
  }

  /** Deletes all that an earlier demo left. Errors  FOLDER_IN_USE for a folder that is not one of a demo. */
  static async forget(root: string): Promise<void> {
    if (!isOfDemo(path.resolve(root)))
      throw new AdvisedError('FOLDER_IN_USE', 'No demo has ever worked in it: choose a new folder with --dir.', {
        folder: root,
      });
    await deletePostgres(federationFolder(path.join(path.resolve(root), 'federation')).postgres);
    await rm(root, { recursive: true, force: true });
  }

  get logs(): string {
    return path.join(this.root, 'logs');
  }

  get models(): string {
    return path.join(this.root, 'models');
  }

  /** The folder of a site's agent. Another seed means other keys, and so another folder. */
  siteFolder(seed: number, site: DemoSite): string {
    return path.join(this.root, 'sites', `seed-${seed}`, site.id);
  }

  /** Where a hospital's films lie, as its archive would export them. Real films do not depend on the seed. */
  filmFolder(seed: number, plan: string, site: DemoSite): string {
    return site.kind === 'phantom'
      ? path.join(this.root, 'phantoms', `seed-${seed}`, plan, site.id)
      : path.join(this.root, 'films', plan, site.id);
  }

  get agents(): readonly number[] {
    return this.#memory.agents;
  }

  async rememberAgents(agents: readonly number[]): Promise<void> {
    await this.#remember({ agents });
  }

  runOf(key: string): string | undefined {
    return this.#memory.runs[key];
  }

  async rememberRun(key: string, id: string): Promise<void> {
    await this.#remember({ runs: { ...this.#memory.runs, [key]: id } });
  }

  /** Training examples of a dataset that is prepared; undefined while it is not. */
  preparedExamples(siteFolder: string, dataset: string): number | undefined {
    return this.#memory.prepared[preparedKey(this.root, siteFolder, dataset)];
  }

  async rememberPrepared(siteFolder: string, dataset: string, trainingExamples: number): Promise<void> {
    const key = preparedKey(this.root, siteFolder, dataset);
    await this.#remember({ prepared: { ...this.#memory.prepared, [key]: trainingExamples } });
  }

  get #file(): string {
    return path.join(this.root, MEMORY);
  }

  async #remember(change: Partial<Memory>): Promise<void> {
    this.#memory = { ...this.#memory, ...change };
    const text = JSON.stringify(this.#memory, null, 2);
    this.#writing = this.#writing.then(() => writeWhole(this.#file, text));
    await this.#writing;
  }

  #writing: Promise<void> = Promise.resolve();
}

/** Empty and missing folders are anybody's. */
function isOfDemo(root: string): boolean {
  const names = existsSync(root) ? readdirSync(root) : [];
  return names.length === 0 || names.includes(MEMORY) || names.every((name) => MADE_FIRST.includes(name));
}

const MEMORY = 'demo.json';
/** What is there before the demo has remembered anything. */
const MADE_FIRST: readonly string[] = ['logs', 'models', 'federation'];

function preparedKey(root: string, siteFolder: string, dataset: string): string {
  return `${path.relative(root, siteFolder)} ${dataset}`;
}
