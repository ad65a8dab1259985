import { throwIfStopped, wait } from '../../platform/stopping.js';
import type { Pace } from '../request.js';
import { isWithin, nextEdge } from './hours.js';

/** The clock on the wall; a test brings its own. */
export interface WallClock {
  now(): Date;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const WALL_CLOCK: WallClock = { now: () => new Date(), wait };

/** A timer cannot run longer; and a clock may be set meanwhile. */
const LONGEST_NAP_MS = 60_000;

/** Fires when the hours end: what is under way is broken off, and asked for again when they begin. */
export class HoursEnded extends Error {}

/** Keeps a fetch inside its hours, its studies a minute and its bytes a second. One for all connections of a fetch. */
export class PaceKeeper {
  private nextStudyAt = 0;
  private bytesDueAt = 0;

  constructor(
    private readonly pace: Pace,
    private readonly onWaiting: (until: Date | undefined) => void,
    private readonly clock: WallClock = WALL_CLOCK,
  ) {}

  /** Settles when work is allowed. Errors  STOPPED. */
  async waitForHours(signal: AbortSignal): Promise<void> {
    const { hours } = this.pace;
    if (!hours) return throwIfStopped(signal);
    let hasWaited = false;
    while (!isWithin(hours, this.clock.now())) {
      const begin = nextEdge(hours, 'from', this.clock.now());
      this.onWaiting(begin);
      hasWaited = true;
      await this.clock.wait(Math.min(LONGEST_NAP_MS, begin.getTime() - this.clock.now().getTime()), signal);
    }
    if (hasWaited) this.onWaiting(undefined);
    throwIfStopped(signal);
  }

  /** Runs work with a signal that fires when the hours end, or with the given one. */
  async withinHours<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { hours } = this.pace;
    if (!hours) return work(signal);
    const ended = new AbortController();
    const watch = setInterval(() => {
      if (!isWithin(hours, this.clock.now())) ended.abort(new HoursEnded());
    }, 1000);
    try {
      return await work(AbortSignal.any([signal, ended.signal]));
    } catch (error) {
      throw ended.signal.aborted && !signal.aborted ? ended.signal.reason : error;
    } finally {
      clearInterval(watch);
    }
  }

  /** Before each study. Studies are spread evenly: the PACS sees no burst at each minute's beginning. Errors  STOPPED. */
  async beforeStudy(signal: AbortSignal): Promise<void> {
    const now = this.clock.now().getTime();
    const at = Math.max(now, this.nextStudyAt);
    this.nextStudyAt = at + 60_000 / this.pace.studiesPerMinute;
    if (at > now) await this.clock.wait(at - now, signal);
    throwIfStopped(signal);
  }

  /** After so many bytes; a reader that waits here slows its sender down. Errors  STOPPED. */
  async afterBytes(count: number, signal: AbortSignal): Promise<void> {
    const { bytesPerSecond } = this.pace;
    if (bytesPerSecond === undefined) return;
    const now = this.clock.now().getTime();
    this.bytesDueAt = Math.max(now, this.bytesDueAt) + (count / bytesPerSecond) * 1000;
    // A tenth of a second ahead is allowed, so that not every chunk needs a timer.
    if (this.bytesDueAt - now > 100) await this.clock.wait(this.bytesDueAt - now - 50, signal);
  }
}
