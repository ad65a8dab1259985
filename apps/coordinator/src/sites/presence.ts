import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';

/** A site that has not called for so long counts as gone. Agents report at least every ten seconds while they work. */
export const PRESENT_FOR_MS = 30_000;
/** The table is for other replicas and for a restart: it may lag by so much. */
const WRITE_EVERY_MS = 2000;

/** Who is connected. */
@Injectable()
export class Presence {
  private readonly writtenAtMs = new Map<string, number>();
  private readonly openPolls = new Map<string, number>();

  constructor(private readonly database: Database) {}

  /** The site has called. */
  async seen(siteId: string): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - (this.writtenAtMs.get(siteId) ?? Number.NEGATIVE_INFINITY) < WRITE_EVERY_MS) return;
    this.writtenAtMs.set(siteId, nowMs);
    await this.database.client.$executeRaw`UPDATE site SET last_seen_at = clock_timestamp() WHERE id = ${siteId}`;
  }

  /** The site waits for work as long as `during` runs. */
  async whilePolling<T>(siteId: string, during: () => Promise<T>): Promise<T> {
    this.openPolls.set(siteId, (this.openPolls.get(siteId) ?? 0) + 1);
    try {
      return await during();
    } finally {
      this.openPolls.set(siteId, (this.openPolls.get(siteId) ?? 1) - 1);
    }
  }

  isPresent(siteId: string, lastSeenAt: Date, now: Date): boolean {
    return (this.openPolls.get(siteId) ?? 0) > 0 || now.getTime() - lastSeenAt.getTime() < PRESENT_FOR_MS;
  }
}
