import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export type Environment = Readonly<Record<string, string>>;

export interface ChildOptions {
  readonly name: string;
  /** Compiled file that this Node runs. */
  readonly file: string;
  readonly words: readonly string[];
  /** Asked again at every start, so that a restart keeps the ports that the first start was given. */
  readonly environment: () => Environment;
  /** Everything that the process prints, of all its lives. */
  readonly logFile: string;
  /** Whether a life that a SIGKILL ended is followed by another at once. */
  readonly isRestarted: boolean;
  readonly onKilled?: () => void;
}

const STOP_TIMEOUT_MS = 15_000;
const LOG_TAIL_CHARACTERS = 2500;

const living = new Set<SupervisedChild>();
// Nothing that was started here outlives this process, however it ends.
process.on('exit', endAll);

/** Ends all that was started here at once, and for good. */
export function endAll(): void {
  for (const child of living) child.end();
}

/** One process of a federation under test, over all its lives. */
export class SupervisedChild {
  readonly #options: ChildOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isStopping = false;
  #kills = 0;
  #failure: string | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Lives that a SIGKILL has ended. */
  get kills(): number {
    return this.#kills;
  }

  /** Starts the process and answers the first message that it sends with this kind. */
  async start<M extends { readonly kind: string }>(kind: M['kind'], timeoutMs = 30_000): Promise<M> {
    const child = this.#spawn();
    const { promise, resolve } = Promise.withResolvers<M>();
    child.on('message', (message: M) => {
      if (message.kind === kind) resolve(message);
    });
    const timer = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: timer.signal }).then(
      () => `no message "${kind}" in ${timeoutMs} ms`,
      () => undefined,
    );
    const answer = await Promise.race([promise, late, this.#ended.then(() => 'it ended')]);
    timer.abort();
    if (typeof answer === 'object') return answer;
    await this.stop();
    throw new Error(`${this.name}: ${answer}\n${this.logTail()}`);
  }

  /** Ends it at once, without another life. */
  end(): void {
    this.#isStopping = true;
    this.#child?.kill('SIGKILL');
  }

  /** Errors  when the process has ended otherwise than by SIGKILL, or by one without being restarted. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw new Error(`${this.name}: ${this.#failure}\n${this.logTail()}`);
  }

  /** Ends it in an orderly way; answers what was wrong with that. */
  async stop(): Promise<string | undefined> {
    this.#isStopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return undefined;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
    if (child.exitCode === 0) return undefined;
    return `${this.name} ended with ${child.signalCode ?? child.exitCode} on SIGTERM\n${this.logTail()}`;
  }

  logTail(): string {
    try {
      return readFileSync(this.#options.logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS);
    } catch {
      return '';
    }
  }

  #spawn(): ChildProcess {
    const { file, words, environment, logFile } = this.#options;
    const log = openSync(logFile, 'a');
    const child = fork(file, [...words], {
      env: environment(),
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    living.add(this);
    this.#isStopping = false;
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.on('error', () => {});
    child.once('exit', (code, signal) => {
      living.delete(this);
      this.#onExit(code, signal);
      resolve();
    });
    return child;
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isStopping) return;
    if (signal !== 'SIGKILL') {
      this.#failure = `ended with ${signal ?? code}`;
      return;
    }
    this.#kills += 1;
    this.#options.onKilled?.();
    if (this.#options.isRestarted) this.#spawn();
  }
}
