import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PgBoss } from 'pg-boss';
import { CONFIG, type Config } from './config.js';
import { errorFields, LOGGER, type Logger } from './logger.js';

const QUEUE = 'advance-run';
const POLLING_SECONDS = 0.5;
const STOP_TIMEOUT_MS = 2000;

interface Job {
  readonly runId: string;
}

/** Durable alarm clock on PostgreSQL. It only wakes: what is due is read from the tables, so a job too many does no harm. */
@Injectable()
export class WakeQueue implements OnApplicationShutdown {
  private readonly boss: PgBoss;
  private isStarted = false;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.boss = new PgBoss({ connectionString: config.databaseUrl, max: 2, schedule: false, migrate: true });
    this.boss.on('error', (error) => this.logger.warn({ ...errorFields(error) }, 'wake queue'));
  }

  async start(wake: (runId: string) => void): Promise<void> {
    await this.boss.start();
    this.isStarted = true;
    await this.boss.createQueue(QUEUE, { policy: 'exclusive', retryLimit: 3, deleteAfterSeconds: 3600 });
    await this.boss.work<Job>(QUEUE, { pollingIntervalSeconds: POLLING_SECONDS, batchSize: 20 }, async (jobs) => {
      for (const job of jobs) wake(job.data.runId);
    });
  }

  /** Wakes a run at a time of the database's clock. The same run and time twice is one job. */
  async wakeAt(runId: string, at: Date): Promise<void> {
    if (!this.isStarted) return;
    await this.boss.send(QUEUE, { runId } satisfies Job, {
      startAfter: at,
      singletonKey: `${runId} ${at.toISOString()}`,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.isStarted) return;
    this.isStarted = false;
    await this.boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
  }
}
