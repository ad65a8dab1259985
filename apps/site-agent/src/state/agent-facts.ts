import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './site-database.js';

/** What the agent is doing, for `status`; written at each stage, never read by the agent itself. */
export interface Activity {
  readonly state: 'connecting' | 'idle' | 'working';
  readonly at: string;
  readonly runId?: string;
  readonly round?: number;
  readonly stage?: string;
}

/** Small facts about the agent's lives. */
export class AgentFacts {
  constructor(private readonly database: DatabaseSync) {}

  /** Number of this start, from 1. */
  countStart(): number {
    return inTransaction(this.database, () => {
      const count = Number(this.read('start-count') ?? 0) + 1;
      this.write('start-count', String(count));
      return count;
    });
  }

  startCount(): number {
    return Number(this.read('start-count') ?? 0);
  }

  setActivity(activity: Omit<Activity, 'at'>): void {
    this.write('activity', JSON.stringify({ ...activity, at: new Date().toISOString() }));
  }

  activity(): Activity | undefined {
    const text = this.read('activity');
    return text === undefined ? undefined : (JSON.parse(text) as Activity);
  }

  private read(name: string): string | undefined {
    return (this.database.prepare('SELECT value FROM fact WHERE name = ?').get(name) as { value: string } | undefined)
      ?.value;
  }

  private write(name: string, value: string): void {
    this.database
      .prepare('INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, value);
  }
}
