import { createHash } from 'node:crypto';
import {
  type AuditActor,
  type AuditEntry,
  type AuditSubject,
  boundedPayload,
  canonicalEntry,
  leafHash,
} from '@consilium/audit';
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

interface Row extends AuditPlace {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Rows of one statement: what is made of them between two statements holds up nobody else for long. */
const ROWS_AT_ONCE = 500;
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
   * Appends acts in order, any number of them, and answers their places. A list that is too long for an entry goes into
   * `list.part` entries before it. Numbers are gapless because they are taken under an advisory lock that lasts to the end of
   * the transaction: append late, and after every row lock, or two transactions may wait for each other.
   */
  async append(transaction: Transaction, acts: readonly Act[]): Promise<AuditPlace[]> {
    if (acts.length === 0) return [];
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK_KEY})`;
    let seq = await sizeIn(transaction);
    const time = (await databaseNow(transaction)).toISOString();
    const places: AuditPlace[] = [];
    for (let at = 0; at < acts.length; at += ROWS_AT_ONCE) {
      const rows = acts.slice(at, at + ROWS_AT_ONCE).flatMap((act) => {
        const { payload, parts } = boundedPayload(act.payload, sha256);
        const ofParts = parts.map((part) => this.row({ ...act, type: 'list.part', payload: part }, seq++, time));
        const row = this.row({ ...act, payload }, seq++, time);
        places.push({ seq: row.seq, leafHash: row.leafHash });
        return [...ofParts, row];
      });
      await insert(transaction, rows);
    }
    return places;
  }

  /** Number of entries. */
  async size(client: Pick<Transaction, '$queryRaw'> = this.database.client): Promise<bigint> {
    return sizeIn(client);
  }

  async page(from: bigint, limit: number): Promise<{ seq: bigint; bytes: Uint8Array; leafHash: Uint8Array }[]> {
    return this.database.client.auditEntry.findMany({
      where: { seq: { gte: from } },
      orderBy: { seq: 'asc' },
      take: limit,
    });
  }

  private row(act: Act, seq: bigint, time: string): Row {
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

/** One statement for all rows, whose values travel as three texts: Prisma's createMany takes two and a half times as long. */
async function insert(transaction: Transaction, rows: readonly Row[]): Promise<void> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  await transaction.$executeRaw`
    INSERT INTO audit_entry (seq, bytes, leaf_hash)
    SELECT seq, decode(bytes, 'base64'), decode(leaf_hash, 'base64')
    FROM unnest(
      ${rows.map(({ seq }) => seq)}::bigint[],
      ${rows.map(({ bytes }) => base64(bytes))}::text[],
      ${rows.map(({ leafHash }) => base64(leafHash))}::text[]
    ) AS row (seq, bytes, leaf_hash)
    ORDER BY seq`;
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
