import { ConsiliumError } from '@consilium/errors';
import { wait } from '../platform/stopping.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** How long a PACS may stay away. Pauses double, with jitter, and begin anew whenever it has done something. */
export class Patience {
  private pauseMs = FIRST_PAUSE_MS;
  private goodUntil: number;

  constructor(
    private readonly patienceMs: number,
    private readonly now: () => number = Date.now,
  ) {
    this.goodUntil = now() + patienceMs;
  }

  /** The PACS answers. */
  renew(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    this.goodUntil = this.now() + this.patienceMs;
  }

  /** Waits after a failure of kind `unavailable`. Errors  the failure itself when it is of another kind or lasts too long; STOPPED. */
  async pauseAfter(error: unknown, signal: AbortSignal): Promise<void> {
    if (!isUnavailable(error) || this.now() >= this.goodUntil) throw error;
    const pauseMs = this.pauseMs * (0.5 + Math.random() / 2);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    await wait(Math.min(pauseMs, Math.max(1, this.goodUntil - this.now())), signal);
  }
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof ConsiliumError && error.kind === 'unavailable';
}

/** Tries again while the PACS is away. Errors  as `pauseAfter`. */
export async function patiently<T>(patience: Patience, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      const result = await work();
      patience.renew();
      return result;
    } catch (error) {
      await patience.pauseAfter(error, signal);
    }
  }
}
