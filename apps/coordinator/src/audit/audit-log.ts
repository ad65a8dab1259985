import { createHash } from 'node:crypto';
import { type AuditActor, type AuditEntry, type AuditSubject, canonicalEntry, leafHash } from '@consilium/audit';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { Database, databaseNow, type Transaction } from '../platform/database.js';

/** One act, before it has a number and a time. */
export type Act = Pick<AuditEntry, 'type' | 'subject' | 'runId' | 'round' | 'payload'> & {
  /** The coordinator itself when absent. */
  readonly actor?: AuditActor;
};

export interface AuditPlace {
  readonly seq: bigint;
  readonly leafHash: Uint8Array<ArrayBuffer>;
}

/** Any number; the same in every coordinator. */
const LOCK_KEY = 4_120_776_033n;

/** The append-only log. An act is written in the transaction that does it, so there is never one without the other. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Pick<Config, 'federation'>,
  ) {}

  /**
   * Appends acts in order and answers their places. Numbers are gapless because they are taken under an advisory lock that lasts
   * to the end of the transaction: append late, and after every row lock, or two transactions may wait for each other.
   */
  async append(transaction: Transaction, acts: readonly Act[]): Promise<AuditPlace[]> {
    if (acts.length === 0) return [];
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK_KEY})`;
    const first = await sizeIn(transaction);
    const time = (await databaseNow(transaction)).toISOString();
    const rows = acts.map((act, index) => this.row(act, first + BigInt(index), time));
    // One statement each: the trigger that refuses gaps does not see the rows of its own statement.
    for (const data of rows) await transaction.auditEntry.create({ data });
    return rows;
  }

  /** Number of entries. */
  async size(): Promise<bigint> {
    return sizeIn(this.database.client);
  }

  async page(from: bigint, limit: number): Promise<{ seq: bigint; bytes: Uint8Array; leafHash: Uint8Array }[]> {
    return this.database.client.auditEntry.findMany({
      where: { seq: { gte: from } },
      orderBy: { seq: 'asc' },
      take: limit,
    });
  }

  private row(act: Act, seq: bigint, time: string) {
    const entry: AuditEntry = {
      v: 1,
      seq: Number(seq),
      type: act.type,
      time,
      actor: act.actor ?? { kind: 'coordinator', id: this.config.federation },
      subject: act.subject,
      ...(act.runId === undefined ? {} : { runId: act.runId }),
      ...(act.round === undefined ? {} : { round: act.round }),
      payload: act.payload,
    };
    const bytes = Uint8Array.from(canonicalEntry(entry));
    return { seq, bytes, leafHash: Uint8Array.from(leafHash(bytes, sha256)) };
  }
}

export function subject(kind: AuditSubject['kind'], id: string): AuditSubject {
  return { kind, id };
}

async function sizeIn(client: Pick<Transaction, '$queryRaw'>): Promise<bigint> {
  const [row] = await client.$queryRaw<
    { size: bigint }[]
  >`SELECT COALESCE(MAX(seq) + 1, 0)::bigint AS size FROM audit_entry`;
  return row!.size;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
