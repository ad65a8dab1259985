import type { DatabaseSync } from 'node:sqlite';
import type { Manifest } from '@consilium/tensors';
import type { ProtectedUpdate, Receipt } from '../stages.js';
import { inTransaction } from './site-database.js';

/** The fields of an update without the brand of the stage that made it. */
export type BookedUpdate = { readonly [K in Exclude<keyof ProtectedUpdate, symbol>]: ProtectedUpdate[K] };

interface Row {
  run_id: string;
  round: number;
  update_id: string;
  manifest: string;
  example_count: number;
  local_steps: number;
  base_model_digest: string;
  base_round: number;
  training_loss: number;
  delta_norm: number;
}

/**
 * Updates on their way out, and the receipts that came back. The files of an update are on disk before its row is; so a
 * row means that everything can be sent again, and no row means that nothing was ever sent.
 */
export class Outbox {
  constructor(private readonly database: DatabaseSync) {}

  book(update: BookedUpdate): void {
    inTransaction(this.database, () => {
      this.database
        .prepare('INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          update.runId,
          update.round,
          update.updateId,
          JSON.stringify(update.manifest),
          update.exampleCount,
          update.localSteps,
          update.baseModelDigest,
          update.baseRound,
          update.trainingLoss,
          update.deltaNorm,
          new Date().toISOString(),
        );
      this.database.prepare('DELETE FROM outbox WHERE run_id = ? AND round < ?').run(update.runId, update.round);
    });
  }

  find(runId: string, round: number): BookedUpdate | undefined {
    const row = this.database.prepare('SELECT * FROM outbox WHERE run_id = ? AND round = ?').get(runId, round);
    return row && fromRow(row as unknown as Row);
  }

  list(): BookedUpdate[] {
    return (this.database.prepare('SELECT * FROM outbox').all() as unknown as Row[]).map(fromRow);
  }

  forgetRun(runId: string): void {
    this.database.prepare('DELETE FROM outbox WHERE run_id = ?').run(runId);
  }

  keepReceipt(kind: 'update' | 'evaluation', runId: string, receipt: Receipt): void {
    this.database
      .prepare('INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?)')
      .run(receipt.id, kind, runId, receipt.auditIndex, receipt.auditLeafHash, new Date().toISOString());
  }

  /** Largest audit index of all receipts; undefined when there is none. */
  lastReceiptAuditIndex(): number | undefined {
    const row = this.database.prepare('SELECT max(audit_index) AS last FROM receipt').get() as { last: number | null };
    return row.last ?? undefined;
  }
}

function fromRow(row: Row): BookedUpdate {
  return {
    updateId: row.update_id,
    runId: row.run_id,
    round: row.round,
    manifest: JSON.parse(row.manifest) as Manifest,
    exampleCount: row.example_count,
    localSteps: row.local_steps,
    baseModelDigest: row.base_model_digest,
    baseRound: row.base_round,
    trainingLoss: row.training_loss,
    deltaNorm: row.delta_norm,
  };
}
