import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackEnd, EngineMode } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import type { MemoryPlan, TrainingStep } from '@consilium/training';
import type { Statistics } from '@consilium/validation';
import type { Logger } from '../platform/logger.js';
import { stopReason, throwIfStopped } from '../platform/stopping.js';
import { endOfProcess } from './crashes.js';
import type { CheckJob, EvaluateJob, FromTrainer, ToTrainer, TrainJob } from './messages.js';

export interface TrainerOptions {
  readonly backEnd?: BackEnd | undefined;
  readonly threads?: number | undefined;
  /** Most bytes that training may take; what the engine finds when not given. */
  readonly memoryLimitBytes?: number | undefined;
  readonly logger: Logger;
  /** How the process is started; the compiled file beside this one when not given. */
  readonly entry?: { readonly path: string; readonly execArgv: readonly string[] };
}

/** What a plan asks of the engine. */
export interface EngineDemand {
  readonly mode: EngineMode;
  readonly backEnd?: BackEnd | undefined;
}

export interface Trained {
  readonly steps: number;
  readonly loss: number;
}

const OWN_ENTRY = {
  path: fileURLToPath(new URL('./trainer-process.js', import.meta.url)),
  execArgv: ['--enable-source-maps'],
};
/** The last words of a process that died: enough to tell an out-of-memory from a crash. */
const STDERR_TAIL_CHARACTERS = 4096;

/**
 * The agent's side of the trainer's process. The process stays for the next job of the same engine; a stop, a crash or
 * an error ends it, and the next job starts a fresh one.
 */
export class Trainer {
  private process: { readonly child: ChildProcess; readonly asked: string; readonly stderr: () => string } | undefined;

  constructor(private readonly options: TrainerOptions) {}

  /**
   * Whether training and evaluation of a plan fit into memory here; starts the process if there is none.
   *
   * Errors   PLAN_TOO_LARGE, its detail naming what would fit; BACK_END_UNAVAILABLE; as `train`.
   */
  async check(plan: CheckJob['plan'], engine: EngineDemand, signal: AbortSignal): Promise<void> {
    await this.run({ kind: 'check', plan }, engine, signal, () => {});
  }

  /** Errors  those of training, TRAINER_FAILED, ENGINE_CRASHED, MEMORY_EXHAUSTED, BACK_END_UNAVAILABLE, or the signal's reason. */
  async train(
    job: Omit<TrainJob, 'kind'>,
    engine: EngineDemand,
    onStep: (step: TrainingStep) => void,
    signal: AbortSignal,
  ): Promise<Trained> {
    const answer = await this.run({ kind: 'train', ...job }, engine, signal, (message) => {
      if (message.kind === 'step') onStep(message.step);
      else if (message.kind === 'memory') this.logMemory(job.plan.training.batchSize, message.memory);
    });
    if (answer.kind !== 'trained') throw new ConsiliumError('INTERNAL', { answer: answer.kind });
    return answer;
  }

  /** Errors  as `train`. */
  async evaluate(
    job: Omit<EvaluateJob, 'kind'>,
    engine: EngineDemand,
    onBatch: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<Statistics> {
    const answer = await this.run({ kind: 'evaluate', ...job }, engine, signal, (message) => {
      if (message.kind === 'batch') onBatch(message.done, message.total);
    });
    if (answer.kind !== 'evaluated') throw new ConsiliumError('INTERNAL', { answer: answer.kind });
    return answer.statistics;
  }

  /** Ends the process at once: a job under way is lost, and nothing else. */
  close(): void {
    this.process?.child.kill('SIGKILL');
    this.process = undefined;
  }

  private async run(
    job: CheckJob | TrainJob | EvaluateJob,
    engine: EngineDemand,
    signal: AbortSignal,
    onMessage: (message: FromTrainer) => void,
  ): Promise<FromTrainer> {
    throwIfStopped(signal);
    try {
      await this.start(engine, signal);
      return await this.ask({ ...job, memoryLimitBytes: this.options.memoryLimitBytes }, signal, onMessage);
    } catch (error) {
      this.close(); // whatever state it is in, the next job gets a fresh one
      throw error;
    }
  }

  private async start(demand: EngineDemand, signal: AbortSignal): Promise<void> {
    const { threads } = this.options;
    const { mode } = demand;
    const backEnd = this.backEndFor(demand);
    const asked = `${mode} ${backEnd ?? 'any'}`;
    if (this.process?.asked === asked && this.process.child.connected) return;
    this.close();
    const { path, execArgv } = this.options.entry ?? OWN_ENTRY;
    const child = fork(path, [], {
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.on('error', () => {}); // without a listener, a kill that comes too late would end the agent
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    this.process = { child, asked, stderr: () => stderr };
    const engine = { mode, ...(backEnd && { backEnd }), ...(threads && { threads }) };
    const answer = await this.ask({ kind: 'start', engine }, signal, () => {});
    if (answer.kind !== 'started') throw new ConsiliumError('INTERNAL', { answer: answer.kind });
    const facts = { backEnd: answer.backEnd, threads: answer.threads, mode, trainerPid: child.pid };
    if (answer.passedOver.length === 0) this.options.logger.info(facts, 'trainer started');
    else
      this.options.logger.warn(
        { ...facts, passedOver: answer.passedOver },
        'trainer started, not on the back end that is best here; see `consilium doctor`',
      );
  }

  /** The plan's back end, else the site's. Errors  BACK_END_UNAVAILABLE when they are not the same: the site is sovereign. */
  private backEndFor({ backEnd: demanded }: EngineDemand): BackEnd | undefined {
    const { backEnd: own } = this.options;
    if (demanded && own && demanded !== own)
      throw new ConsiliumError('BACK_END_UNAVAILABLE', {
        backEnd: demanded,
        reason: `this site trains with ${own} by its own setting`,
      });
    return demanded ?? own;
  }

  /** Sends one request and waits for its last answer, the end of the process, or a stop. */
  private ask(
    request: ToTrainer,
    signal: AbortSignal,
    onMessage: (message: FromTrainer) => void,
  ): Promise<FromTrainer> {
    const { child, stderr } = this.process!;
    const { promise, resolve, reject } = Promise.withResolvers<FromTrainer>();
    const onAnswer = (message: FromTrainer) => {
      if (message.kind === 'step' || message.kind === 'batch' || message.kind === 'memory') onMessage(message);
      else if (message.kind === 'failed') reject(this.failed(message));
      else resolve(message);
    };
    const onClose = (code: number | null, cause: NodeJS.Signals | null) =>
      reject(endOfProcess({ exit: code, signal: cause, stderr: stderr(), batchSize: batchSizeOf(request) }));
    const onError = (error: Error) => reject(new ConsiliumError('TRAINER_FAILED', {}, error));
    const onAbort = () => reject(stopReason(signal));
    child.on('message', onAnswer).on('close', onClose).on('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    if (child.exitCode !== null || child.signalCode !== null) onClose(child.exitCode, child.signalCode);
    else child.send(request, (error) => error && onError(error));
    return promise.finally(() => {
      child.off('message', onAnswer).off('close', onClose).off('error', onError);
      signal.removeEventListener('abort', onAbort);
    });
  }

  /** A person should see it where a batch does not fit as it is: the same plan takes longer here. */
  private logMemory(batchSize: number, { examplesAtOnce, recomputes, bytes }: MemoryPlan): void {
    const fields = { batchSize, examplesAtOnce, recomputes, megabytes: Math.ceil(bytes / 1e6) };
    const isWhole = examplesAtOnce >= batchSize && !recomputes;
    if (isWhole) this.options.logger.debug(fields, 'batches fit into memory');
    else this.options.logger.info(fields, 'batches do not fit into memory as they are: computed in parts');
  }

  private failed({ code, detail, stack }: Extract<FromTrainer, { kind: 'failed' }>): ConsiliumError {
    this.options.logger.debug({ code, stack }, 'trainer reported a failure');
    return new ConsiliumError(code, detail);
  }
}

function batchSizeOf(request: ToTrainer): number | undefined {
  return request.kind === 'start' ? undefined : request.plan.training?.batchSize;
}
