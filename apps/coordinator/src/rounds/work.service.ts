import { Injectable } from '@nestjs/common';
import { RunRepository } from '../runs/run.repository.js';
import { Presence } from '../sites/presence.js';
import { FindWork, type Work } from './find-work.js';
import { RunDriver } from './run-driver.js';
import { WorkBell } from './work-bell.js';

/** Longest time that a poll is held. */
const LONGEST_WAIT_MS = 20_000;
/** How often a poll looks into the database without having heard the bell: the work may come from another replica. */
const LOOK_EVERY_MS = 3000;

@Injectable()
export class WorkService {
  /** Ends the poll of each site that is being held. */
  private readonly held = new Map<string, () => void>();

  constructor(
    private readonly work: FindWork,
    private readonly bell: WorkBell,
    private readonly presence: Presence,
    private readonly runs: RunRepository,
    private readonly driver: RunDriver,
  ) {}

  /** Answers as soon as there is work, or null when the wait is over, the site has gone, or it polls again: one poll a site is held. */
  async poll(siteId: string, waitMs: number, gone: AbortSignal): Promise<Work | null> {
    const newer = new AbortController();
    const end = () => newer.abort();
    this.held.get(siteId)?.();
    this.held.set(siteId, end);
    try {
      return await this.hold(siteId, waitMs, AbortSignal.any([gone, newer.signal]));
    } finally {
      if (this.held.get(siteId) === end) this.held.delete(siteId);
    }
  }

  private async hold(siteId: string, waitMs: number, signal: AbortSignal): Promise<Work | null> {
    const untilMs = performance.now() + Math.min(waitMs, LONGEST_WAIT_MS);
    return this.presence.whilePolling(siteId, async () => {
      // A run that waits for its sites goes on when one of them is back.
      for (const runId of await this.runs.waitingFor(siteId)) this.driver.wake(runId);
      for (;;) {
        const ear = this.bell.listen(siteId);
        try {
          // What is told once is not told to a caller that has gone.
          if (signal.aborted) return null;
          const work = await this.work.next(siteId);
          const leftMs = untilMs - performance.now();
          if (work !== null || leftMs <= 0) return work;
          await ear.heard(Math.min(leftMs, LOOK_EVERY_MS), signal);
          await this.presence.seen(siteId);
        } finally {
          ear.stop();
        }
      }
    });
  }
}
