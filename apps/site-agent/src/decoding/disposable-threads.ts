import { Worker } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import { stopReason, throwIfStopped } from '../platform/stopping.js';
import type { DecodeAnswer, DecodeJob, FromThread } from './decode-messages.js';

export interface ThreadOptions {
  readonly entry: URL;
  readonly execArgv: readonly string[] | undefined;
  readonly threads: number;
  readonly timeLimitMs: number;
  readonly memoryLimitMiB: number;
}

/** A thread that has not begun by then will not, however busy the machine is. */
const START_LIMIT_MS = 120_000;

interface Run {
  readonly task: Task;
  timer: NodeJS.Timeout;
}

interface Task {
  readonly job: DecodeJob;
  readonly signal: AbortSignal;
  /** Ends the task, once. */
  readonly settle: (outcome: DecodeAnswer | ConsiliumError) => void;
  thread: Worker | undefined;
}

/**
 * Threads that decode, one file at a time each, and are thrown away as soon as they may be damaged: at an error of a
 * codec, at the end of their time or memory, when their job is stopped. A new one takes the place when there is work.
 */
export class DisposableThreads {
  private readonly waiting: Task[] = [];
  private readonly running = new Map<Worker, Run>();
  private readonly idle: Worker[] = [];
  private isClosed = false;

  constructor(private readonly options: ThreadOptions) {}

  /** Errors  what the thread reports; DICOM_TIMEOUT, DICOM_TOO_LARGE (out of memory), DICOM_INVALID (it ended), STOPPED. */
  async run(job: DecodeJob, signal: AbortSignal): Promise<DecodeAnswer> {
    throwIfStopped(signal);
    if (this.isClosed) throw new ConsiliumError('STOPPED');
    return new Promise<DecodeAnswer>((resolve, reject) => {
      const onAbort = () => this.stop(task);
      const task: Task = {
        job,
        signal,
        thread: undefined,
        settle: (outcome) => {
          signal.removeEventListener('abort', onAbort);
          if (outcome instanceof ConsiliumError) reject(outcome);
          else resolve(outcome);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(task);
      this.pump();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const threads = [...this.idle.splice(0), ...this.running.keys()];
    for (const { task } of this.running.values()) task.settle(new ConsiliumError('STOPPED'));
    for (const task of this.waiting.splice(0)) task.settle(new ConsiliumError('STOPPED'));
    for (const { timer } of this.running.values()) clearTimeout(timer);
    this.running.clear();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private pump(): void {
    while (this.waiting.length > 0 && this.running.size < this.options.threads) {
      const task = this.waiting.shift()!;
      const thread = this.idle.pop() ?? this.start();
      task.thread = thread;
      const timer = setTimeout(() => {
        this.lose(thread, new ConsiliumError('INTERNAL', { startLimitMs: START_LIMIT_MS }));
      }, START_LIMIT_MS);
      this.running.set(thread, { task, timer });
      thread.ref();
      thread.postMessage(task.job);
    }
  }

  private start(): Worker {
    const { entry, execArgv, memoryLimitMiB } = this.options;
    const thread = new Worker(entry, {
      ...(execArgv && { execArgv: [...execArgv] }),
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMiB },
    });
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'begun') this.begin(thread);
      else this.finish(thread, message);
    });
    thread.on('error', (error) => this.lose(thread, causeOfDeath(error)));
    thread.on('exit', (exitCode) => this.lose(thread, new ConsiliumError('DICOM_INVALID', { exitCode })));
    return thread;
  }

  /** From here on the time is the file's. */
  private begin(thread: Worker): void {
    const run = this.running.get(thread);
    if (run === undefined) return;
    const { timeLimitMs } = this.options;
    clearTimeout(run.timer);
    run.timer = setTimeout(() => this.lose(thread, new ConsiliumError('DICOM_TIMEOUT', { timeLimitMs })), timeLimitMs);
  }

  private finish(thread: Worker, message: Exclude<FromThread, { kind: 'begun' }>): void {
    const task = this.release(thread);
    if (task === undefined) return;
    if (message.isSpent) void thread.terminate();
    else {
      thread.unref(); // an idle thread keeps no process alive
      this.idle.push(thread);
    }
    task.settle(message.kind === 'answer' ? message.answer : new ConsiliumError(message.code, message.detail));
    this.pump();
  }

  /** The thread is gone or must go, and with it its task. */
  private lose(thread: Worker, error: ConsiliumError): void {
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    const task = this.release(thread);
    if (task === undefined) return;
    void thread.terminate();
    task.settle(error);
    this.pump();
  }

  private stop(task: Task): void {
    const error = stopReason(task.signal);
    const at = this.waiting.indexOf(task);
    if (at >= 0) {
      this.waiting.splice(at, 1);
      task.settle(error);
    } else if (task.thread !== undefined) this.lose(task.thread, error);
  }

  private release(thread: Worker): Task | undefined {
    const run = this.running.get(thread);
    if (run === undefined) return undefined;
    clearTimeout(run.timer);
    this.running.delete(thread);
    return run.task;
  }
}

function causeOfDeath(error: unknown): ConsiliumError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isMemory = code === 'ERR_WORKER_OUT_OF_MEMORY' || (error instanceof RangeError && /alloc/i.test(error.message));
  if (isMemory) return new ConsiliumError('DICOM_TOO_LARGE', { memory: 'used up' }, error);
  return new ConsiliumError('INTERNAL', {}, error);
}
