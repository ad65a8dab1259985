import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

const MANY = 10_000;

/** Tells waiting polls of this process that there may be work for a site. Other replicas find it by looking into the database. */
@Injectable()
export class WorkBell {
  private readonly emitter = new EventEmitter().setMaxListeners(MANY);

  ring(siteIds: Iterable<string>): void {
    for (const siteId of siteIds) this.emitter.emit(eventOf(siteId));
  }

  /**
   * Starts to listen; `heard` ends at the first ring since then, at the latest after `timeoutMs`. Listen first and look for work
   * afterwards, or a ring between the two is lost.
   */
  listen(siteId: string): { heard(timeoutMs: number, signal: AbortSignal): Promise<void>; stop(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.emitter.once(eventOf(siteId), resolve);
    return {
      heard: async (timeoutMs, signal) => {
        if (signal.aborted) return;
        const { promise: over, resolve: end } = Promise.withResolvers<void>();
        const timer = setTimeout(end, timeoutMs);
        signal.addEventListener('abort', () => end(), { once: true });
        await Promise.race([promise, over]);
        clearTimeout(timer);
      },
      stop: () => this.emitter.off(eventOf(siteId), resolve),
    };
  }
}

/** A site may be named like an event that Node gives a meaning ("error"). */
function eventOf(siteId: string): string {
  return `work:${siteId}`;
}
