import { ConsiliumError, ERRORS, type ErrorCode } from '@consilium/errors';
import { Order, Stage } from '@consilium/proto';
import { errorFields, type Logger } from '../platform/logger.js';
import type { CoordinatorLink } from './coordinator-link.js';

export type WorkStage = 'fetching' | 'training' | 'sending' | 'evaluating';

/** Where the work of one assignment stands. */
export interface Progress {
  readonly stage: WorkStage;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly step?: number;
  readonly steps?: number;
  readonly loss?: number;
}

const WIRE_STAGES: Readonly<Record<WorkStage, Stage>> = {
  fetching: Stage.FETCHING,
  training: Stage.TRAINING,
  sending: Stage.SENDING,
  evaluating: Stage.EVALUATING,
};

const SHORTEST_PAUSE_MS = 500;
/** A long step says nothing; the coordinator still hears that the site is alive. */
const HEARTBEAT_MS = 5_000;
const CALL_TIMEOUT_MS = 10_000;

export interface ReporterOptions {
  readonly link: CoordinatorLink;
  readonly runId: string;
  readonly round: number;
  /** Empty while training. */
  readonly evaluationId: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onStop: () => void;
  readonly onDrain: () => void;
}

/**
 * Tells the coordinator how one assignment goes: at once when a stage begins, at most twice a second within it, and at
 * least every five seconds. A report that is lost is not repeated; the next one says more.
 */
export class ProgressReporter {
  private latest: Progress | undefined;
  private stage: WorkStage = 'fetching';
  private hasNews = false;
  private isStageNew = false;
  private lastSentAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private inFlight: Promise<void> | undefined;

  constructor(private readonly options: ReporterOptions) {}

  report(progress: Progress): void {
    if (this.latest?.stage !== progress.stage) this.isStageNew = true;
    this.stage = progress.stage;
    this.latest = progress;
    this.hasNews = true;
    if (!this.inFlight) this.schedule();
  }

  /** Waits for the report under way, and sends no more. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.latest = undefined;
    await this.inFlight;
  }

  /** Says that this assignment cannot be finished here. Errors  as a call. */
  async fail(code: ErrorCode): Promise<void> {
    const { link, runId, round, evaluationId, signal } = this.options;
    const failure = { code, sentence: ERRORS[code].say };
    const request = { runId, round, evaluationId, stage: WIRE_STAGES[this.stage], failure };
    await link.call((client, options) => client.reportProgress(request, options), signal);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.latest) return;
    const pauseMs = this.isStageNew ? 0 : this.hasNews ? SHORTEST_PAUSE_MS : HEARTBEAT_MS;
    const dueInMs = this.lastSentAt + pauseMs - performance.now();
    this.timer = setTimeout(() => this.send(), Math.max(dueInMs, 0)).unref();
  }

  private send(): void {
    if (!this.latest) return;
    this.hasNews = false;
    this.isStageNew = false;
    this.lastSentAt = performance.now();
    this.inFlight = this.sendOne(this.latest).finally(() => {
      this.inFlight = undefined;
      this.schedule();
    });
  }

  private async sendOne(progress: Progress): Promise<void> {
    const { link, runId, round, evaluationId, signal, logger, onStop, onDrain } = this.options;
    const request = {
      ...{ runId, round, evaluationId },
      stage: WIRE_STAGES[progress.stage],
      bytesDone: BigInt(progress.bytesDone ?? 0),
      bytesTotal: BigInt(progress.bytesTotal ?? 0),
      epoch: progress.epoch ?? 0,
      epochs: progress.epochs ?? 0,
      step: progress.step ?? 0,
      steps: progress.steps ?? 0,
      ...(progress.loss !== undefined && { loss: progress.loss }),
    };
    try {
      const { order } = await link.callOnce(
        (client, options) => client.reportProgress(request, { ...options, timeoutMs: CALL_TIMEOUT_MS }),
        signal,
      );
      if (order === Order.STOP) onStop();
      if (order === Order.DRAIN) onDrain();
    } catch (error) {
      if (signal.aborted) return;
      logger.debug(errorFields(error), 'progress report lost');
      // A coordinator that no longer knows this work is waiting for nothing.
      if (error instanceof ConsiliumError && (error.kind === 'missing' || error.kind === 'denied')) onStop();
    }
  }
}
