/** How many at once, and how many a minute in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}

/**
 * Counts what somebody may do.
 *
 * Source   the generic cell rate algorithm, ITU-T I.371: one time instead of a number that is filled up.
 */
export class TokenBucket {
  /** When all that was taken would have been given at an even rate. */
  private evenAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly rate: Rate,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes one, and answers 0; or takes none, and answers after how many milliseconds there will be one. */
  take(): number {
    const nowMs = this.nowMs();
    const intervalMs = 60_000 / this.rate.perMinute;
    const evenAtMs = Math.max(this.evenAtMs, nowMs);
    const earliestMs = evenAtMs - (this.rate.burst - 1) * intervalMs;
    if (earliestMs > nowMs) return Math.ceil(earliestMs - nowMs);
    this.evenAtMs = evenAtMs + intervalMs;
    return 0;
  }

  /** Whether it is as good as one that was never used. */
  get isFull(): boolean {
    return this.evenAtMs <= this.nowMs();
  }
}
