import type { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
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

  /** The same round again replaces it: it was trained from the same model (`WorkBook`), and its chunks were lost. */
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

  /** A receipt that was given stands. Errors  RECEIPT_CONFLICT for another one of the same. */
  keepReceipt(kind: 'update' | 'evaluation' | 'withdrawal', runId: string, receipt: Receipt): void {
    const { id, auditIndex, auditLeafHash } = receipt;
    const { changes } = this.database
      .prepare('INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, kind, runId, auditIndex, auditLeafHash, new Date().toISOString());
    if (changes > 0) return;
    const kept = this.database
      .prepare('SELECT 1 FROM receipt WHERE id = ? AND kind = ? AND audit_index = ? AND audit_leaf_hash = ?')
      .get(id, kind, auditIndex, auditLeafHash);
    if (kept === undefined) throw new ConsiliumError('RECEIPT_CONFLICT', { kind, auditIndex });
  }

  receipt(id: string): { readonly auditIndex: number } | undefined {
    const row = this.database.prepare('SELECT audit_index AS i FROM receipt WHERE id = ?').get(id) as
      | { i: number }
      | undefined;
    return row && { auditIndex: row.i };
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
