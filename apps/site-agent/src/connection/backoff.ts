import { wait } from '../platform/stopping.js';

const FIRST_MS = 100;
/** Low, so that a coordinator that was restarted costs seconds; jitter keeps the sites from coming back all at once. */
const LONGEST_MS = 5_000;

/** Pauses between attempts: doubling from 100 ms to 5 s, each a random half to whole of that. */
export class Backoff {
  private nextMs = FIRST_MS;

  constructor(private readonly random: () => number = Math.random) {}

  /** At least `leastMs`, which the other side has asked for. Errors  the signal's reason. */
  async pause(signal: AbortSignal, leastMs = 0): Promise<void> {
    await wait(Math.max(leastMs, this.nextPauseMs()), signal);
  }

  nextPauseMs(): number {
    const pauseMs = this.nextMs * (0.5 + this.random() / 2);
    this.nextMs = Math.min(this.nextMs * 2, LONGEST_MS);
    return pauseMs;
  }

  reset(): void {
    this.nextMs = FIRST_MS;
  }
}
