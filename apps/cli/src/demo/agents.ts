import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';
import type { CoordinatorClient } from '../coordinator-client.js';
import { AdvisedError } from '../failure.js';
import { programFile } from '../installation.js';
import { endLeftover } from '../processes/leftover.js';
import { SupervisedProcess } from '../processes/supervised-process.js';
import type { DemoFolder } from './demo-folder.js';
import type { DemoSite } from './sites.js';

const CONNECT_TIMEOUT_MS = 60_000;

/** The agents of all sites, each an operating-system process of its own. */
export class Agents {
  readonly #processes: SupervisedProcess[];

  constructor(
    private readonly folder: DemoFolder,
    private readonly sites: readonly DemoSite[],
    threads: readonly number[],
    seed: number,
    environment: NodeJS.ProcessEnv,
    onRestart: (name: string) => void,
  ) {
    this.#processes = sites.map(
      (site, index) =>
        new SupervisedProcess({
          name: `agent of ${site.id}`,
          file: programFile('site-agent'),
          words: ['start', '--dir', folder.siteFolder(seed, site), '--threads', String(threads[index])],
          environment,
          logFile: path.join(folder.logs, `${site.id}.log`),
          onRestart,
          onStart: () => void this.#remember(),
        }),
    );
  }

  async start(): Promise<void> {
    for (const pid of this.folder.agents) await endLeftover(pid, programFile('site-agent'));
    for (const agent of this.#processes) await agent.start();
    // Written before anybody hears of them: a demo that is killed leaves none that the next one does not know.
    await this.#remember();
  }

  /** Waits until the coordinator sees every site. Errors  STOPPED, NOT_RUNNING. */
  async untilConnected(client: CoordinatorClient, stop: AbortSignal): Promise<void> {
    for (const end = Date.now() + CONNECT_TIMEOUT_MS; ; await sleep(50)) {
      if (stop.aborted) throw new ConsiliumError('STOPPED');
      this.throwIfFailed();
      const connected = (await client.sites()).filter((site) => site.connected).map(({ id }) => id);
      const missing = this.sites.filter(({ id }) => !connected.includes(id));
      if (missing.length === 0) return;
      if (Date.now() > end)
        throw new AdvisedError('NOT_RUNNING', 'The logs of the agents say why.', {
          sites: missing.map(({ id }) => id).join(', '),
          logs: this.folder.logs,
        });
    }
  }

  throwIfFailed(): void {
    for (const agent of this.#processes) agent.throwIfFailed();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((agent) => agent.stop()));
    await this.folder.rememberAgents([]);
  }

  kill(): void {
    for (const agent of this.#processes) agent.kill();
  }

  async #remember(): Promise<void> {
    await this.folder.rememberAgents(this.#processes.map(({ pid }) => pid).filter((pid) => pid !== undefined));
  }
}

/**
 * Threads for each site by its share of the work. A small site gets one; a large one, for which the others would wait,
 * gets the processors that they leave idle. The bytes of a model do not depend on it.
 */
export function threadsPerSite(processors: number, examples: readonly number[]): number[] {
  const all = examples.reduce((sum, count) => sum + count, 0);
  return examples.map((count) => Math.max(1, Math.ceil((processors * count) / Math.max(1, all))));
}
