import { ConsiliumError, type ErrorCode, type ErrorKind, errorCode } from '@consilium/errors';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { UploadArea } from '../chunks/upload-area.js';
import { withDatabaseErrors } from '../platform/database-error.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { WakeQueue } from '../platform/wake-queue.js';
import { RunRepository } from '../runs/run.repository.js';
import { AdvanceRun } from './advance-run.js';
import { GiveUp } from './give-up.js';
import { UpdateRetention } from './update-retention.js';

const FIRST_RETRY_MS = 3000;
const LONGEST_RETRY_MS = 60_000;
/** About six minutes. What may pass by itself, or when a person makes room, is tried for ever. */
const MOST_ATTEMPTS = 10;
const PASSING_KINDS: readonly ErrorKind[] = ['unavailable', 'exhausted', 'ambiguous'];

interface Failure {
  readonly code: ErrorCode;
  /** Attempts in a row. */
  readonly attempts: number;
  /** Those of them that failed of what does not pass. */
  readonly hopeless: number;
}

interface Drive {
  isWokenAgain: boolean;
  readonly over: Promise<void>;
}

/**
 * Wakes runs: at once in this process after every call that changes something, and durably through the queue for deadlines and
 * after a crash. One drive a run at a time; a wake during a drive makes it look once more.
 */
@Injectable()
export class RunDriver implements BeforeApplicationShutdown {
  private readonly drives = new Map<string, Drive>();
  private readonly failures = new Map<string, Failure>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly advance: AdvanceRun,
    private readonly giveUp: GiveUp,
    private readonly runs: RunRepository,
    private readonly queue: WakeQueue,
    private readonly uploads: UploadArea,
    private readonly retention: UpdateRetention,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes up every run that a former process left, and listens to the queue. */
  async start(): Promise<void> {
    await this.queue.start((runId) => this.wake(runId));
    const open = await this.runs.roundsInTraining();
    await this.uploads.sweep((runId, number) => open.some((round) => round.runId === runId && round.number === number));
    this.retention.start();
    await this.runs.beginWaitingAnew();
    for (const runId of await this.runs.liveIds()) this.wake(runId);
  }

  /** Never waits and never throws: the caller's own work is done, and what follows is not its business. */
  wake(runId: string): void {
    if (this.stopping.signal.aborted) return;
    const running = this.drives.get(runId);
    if (running !== undefined) {
      running.isWokenAgain = true;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const drive: Drive = { isWokenAgain: false, over: promise };
    this.drives.set(runId, drive);
    void this.drive(runId, drive).finally(() => {
      this.drives.delete(runId);
      resolve();
      // A wake between the last look and here would be lost otherwise.
      if (drive.isWokenAgain) this.wake(runId);
    });
  }

  /** Of what the last attempt to advance a run failed, as long as none has succeeded since. */
  lastFailure(runId: string): ErrorCode | null {
    return this.failures.get(runId)?.code ?? null;
  }

  /** Finishes the steps under way; the next process goes on from there. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.drives.values()].map((drive) => drive.over));
  }

  private async drive(runId: string, drive: Drive): Promise<void> {
    try {
      do {
        drive.isWokenAgain = false;
        const until = await this.advance.untilItWaits(runId, this.stopping.signal);
        this.failures.delete(runId);
        if (until !== null) await this.queue.wakeAt(runId, until);
      } while (drive.isWokenAgain && !this.stopping.signal.aborted);
    } catch (error) {
      if (!this.stopping.signal.aborted) await this.failed(runId, error);
    }
  }

  /** Tries again later, or ends a run that no attempt has brought on: somebody has to see it. */
  private async failed(runId: string, error: unknown): Promise<void> {
    const before = this.failures.get(runId);
    const failure: Failure = {
      code: errorCode(error),
      attempts: (before?.attempts ?? 0) + 1,
      hopeless: isPassing(error) ? 0 : (before?.hopeless ?? 0) + 1,
    };
    this.failures.set(runId, failure);
    const { code, attempts, hopeless } = failure;
    if (hopeless >= MOST_ATTEMPTS) {
      this.logger.error({ runId, attempts, ...errorFields(error) }, 'the run cannot be advanced; it is failed');
      try {
        await this.giveUp.on(runId, code, hopeless);
        this.failures.delete(runId);
        return;
      } catch (second) {
        this.logger.error({ runId, ...errorFields(second) }, 'the run could not even be failed; it is tried again');
      }
    } else
      this.logger.error({ runId, attempts, ...errorFields(error) }, 'the run could not be advanced; it is tried again');
    const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1));
    setTimeout(() => this.wake(runId), pauseMs).unref();
  }
}

function isPassing(error: unknown): boolean {
  const ours = withDatabaseErrors(error);
  return ours instanceof ConsiliumError && (PASSING_KINDS.includes(ours.kind) || ours.code === 'STOPPED');
}
