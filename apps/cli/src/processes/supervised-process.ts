import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';

export interface ProcessOptions {
  /** For messages: `coordinator`, `site alder`. */
  readonly name: string;
  readonly file: string;
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Standard output and error are added to this file. */
  readonly logFile: string;
  /** Told when the process ended on its own and is started again. */
  readonly onRestart?: (name: string) => void;
  /** Told of every start, the first one too. */
  readonly onStart?: (pid: number) => void;
}

const STOP_TIMEOUT_MS = 15_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;
/** A process that lived this long has started well: the next pause is the first one again. */
const SOUND_LIFE_MS = 20_000;
const MOST_FAILURES = 6;

/**
 * A Node process that is started again when it ends by itself, as a service manager would do it.
 * It has a process group of its own: a Ctrl-C in the terminal reaches only us, who stop it in order.
 */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #failure: ConsiliumError | undefined;

  constructor(readonly options: ProcessOptions) {}

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Errors  NOT_RUNNING when it has failed so often that it is not started again. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  async start(): Promise<void> {
    await this.#spawn();
    this.#ended = this.#supervise();
  }

  /** Asks the process to end, kills it when it takes too long, and returns when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const late = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
      await exitOf(child);
      clearTimeout(late);
    }
    await this.#ended;
  }

  /** Ends the process and what it started, at once. */
  kill(): void {
    this.#stopping = true;
    if (this.#child?.pid !== undefined) killGroup(this.#child.pid);
  }

  async #supervise(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let failures = 0; !this.#stopping; ) {
      const startedAt = Date.now();
      await exitOf(this.#child!);
      if (this.#stopping) return;
      if (Date.now() - startedAt > SOUND_LIFE_MS) [pauseMs, failures] = [FIRST_PAUSE_MS, 0];
      if (++failures > MOST_FAILURES) {
        this.#failure = new ConsiliumError('NOT_RUNNING', { process: this.options.name, log: this.options.logFile });
        return;
      }
      await sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      if (this.#stopping) return;
      this.options.onRestart?.(this.options.name);
      await this.#spawn();
    }
  }

  async #spawn(): Promise<void> {
    const log = await open(this.options.logFile, 'a', 0o600);
    try {
      this.#child = spawn(process.execPath, ['--enable-source-maps', this.options.file, ...this.options.words], {
        stdio: ['ignore', log.fd, log.fd],
        detached: true,
        env: this.options.environment,
      });
      this.#child.on('error', () => {}); // a missing pid tells the same
      if (this.#child.pid !== undefined) this.options.onStart?.(this.#child.pid);
    } finally {
      await log.close();
    }
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}

/** Kills a process that leads a group, with its group. */
export function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
      return;
    } catch {
      // No such group: an ordinary process, or gone.
    }
  }
}
