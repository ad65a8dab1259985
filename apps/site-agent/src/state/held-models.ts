import type { DatabaseSync } from 'node:sqlite';
import type { Manifest } from '@consilium/tensors';
import { inTransaction } from './site-database.js';

/** Models of one run that stay on disk after their last use: the base of the round, its candidate, and one to spare. */
const MODELS_KEPT_PER_RUN = 3;

/** Which fetched models are still wanted; the weight store deletes every chunk that neither they nor the outbox name. */
export class HeldModels {
  constructor(private readonly database: DatabaseSync) {}

  /** Notes that a run uses this model now, and lets go of the run's oldest ones. */
  use(runId: string, modelDigest: string, manifest: Manifest): void {
    inTransaction(this.database, () => {
      const { next } = this.database.prepare('SELECT coalesce(max(used), 0) + 1 AS next FROM held_model').get() as {
        next: number;
      };
      this.database
        .prepare('INSERT OR REPLACE INTO held_model VALUES (?, ?, ?, ?)')
        .run(runId, modelDigest, JSON.stringify(manifest), next);
      this.database
        .prepare(
          `DELETE FROM held_model WHERE run_id = ?1 AND model_digest NOT IN
           (SELECT model_digest FROM held_model WHERE run_id = ?1 ORDER BY used DESC LIMIT ?2)`,
        )
        .run(runId, MODELS_KEPT_PER_RUN);
    });
  }

  forgetRun(runId: string): void {
    this.database.prepare('DELETE FROM held_model WHERE run_id = ?').run(runId);
  }

  manifests(): Manifest[] {
    const rows = this.database.prepare('SELECT manifest FROM held_model').all() as unknown as { manifest: string }[];
    return rows.map((row) => JSON.parse(row.manifest) as Manifest);
  }
}
