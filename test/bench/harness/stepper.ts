import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What a step says of itself. */
export interface Step {
  readonly ms: number;
  /** Something of the result (a loss, a mean), so that two contestants can be seen to do the same work. */
  readonly value: number;
  /** Peak resident memory of the process so far. */
  readonly bytes: number;
}

const TAIL_CHARACTERS = 2000;

/** A process that does one step for each line it is sent, so that several can be measured in turns. */
export class Stepper {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL_CHARACTERS);
    });
  }

  /** What the process calls itself. */
  title = '';

  /** Resolves when the process is ready; throws with its last words when it ends before. */
  static async start(file: string, args: readonly string[]): Promise<Stepper> {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {}); // the end of the process is noticed where its answer is read
    await once(child, 'spawn'); // rejects when there is no such program
    const stepper = new Stepper(child);
    stepper.title = ((await stepper.#answer()) as { ready: string }).ready;
    return stepper;
  }

  async step(): Promise<Step> {
    this.#child.stdin.write('\n');
    return (await this.#answer()) as Step;
  }

  async stop(): Promise<void> {
    const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
    const ended = isOver ? undefined : once(this.#child, 'exit');
    this.#child.stdin.end();
    this.#child.kill();
    await ended;
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done)
      throw new Error(
        this.#stderr
          .trim()
          .split('\n')
          .findLast((line) => /\w*Error\b/.test(line)) ?? 'it ended',
      );
    return JSON.parse(value);
  }
}
