import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { PseudonymLink } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { inTransaction } from '../state/site-database.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BUSY_TIMEOUT_MS = 10_000;
/** Originals are padded to a multiple of this, so that the length of a row does not tell a UID from another. */
const PADDED_TO = 64;
/** Sealed under the key when the map is made: opens only with the same key. */
const CHECK = 'consilium pseudonym map 1';

const TABLES = `
  CREATE TABLE IF NOT EXISTS link (lookup BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS key_check (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;
`;

/**
 * Which original stands behind a pseudonym: needed to send a result back to the PACS, and to find one patient's pictures.
 * It never leaves the site. Both sides of every row are unreadable without the site's key: the pseudonym is looked up by a
 * keyed hash, the original is sealed.
 *
 * Source   AES-256-GCM (NIST SP 800-38D) with a random nonce for each row and the lookup as associated data, so that rows
 *          cannot be exchanged; keys by HKDF-SHA-256 (RFC 5869) from the site's pseudonym key.
 */
export class PseudonymMap {
  private readonly sealKey: Uint8Array;
  private readonly lookupKey: Uint8Array;

  private constructor(
    private readonly database: DatabaseSync,
    key: Uint8Array,
  ) {
    this.sealKey = derive(key, 'consilium pseudonym map: seal');
    this.lookupKey = derive(key, 'consilium pseudonym map: lookup');
  }

  /** Errors  PSEUDONYM_MAP_CORRUPT (another key, or no such map), DISK_FULL. */
  static open(path: string, key: Uint8Array): PseudonymMap {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      chmodSync(path, 0o600);
      const map = new PseudonymMap(database, key);
      map.prepare();
      return map;
    } catch (error) {
      database.close();
      throw isNotADatabase(error) ? new ConsiliumError('PSEUDONYM_MAP_CORRUPT', {}, error) : error;
    }
  }

  /** Keeps links, all of them or none; one that is known already stays as it is. */
  put(links: readonly PseudonymLink[]): void {
    inTransaction(this.database, () => {
      const insert = this.database.prepare('INSERT OR IGNORE INTO link VALUES (?, ?)');
      for (const { kind, pseudonym, original } of links) {
        const lookup = this.lookupOf(pseudonym);
        insert.run(lookup, this.seal(JSON.stringify({ kind, original }), lookup));
      }
    });
  }

  /** The original behind a pseudonym or a pseudonymous UID. Errors  PSEUDONYM_MAP_CORRUPT when its row was changed. */
  find(pseudonym: string): PseudonymLink | undefined {
    const lookup = this.lookupOf(pseudonym);
    const row = this.database.prepare('SELECT sealed FROM link WHERE lookup = ?').get(lookup);
    if (row === undefined) return undefined;
    const { kind, original } = JSON.parse(this.unseal(row.sealed as Uint8Array, lookup)) as PseudonymLink;
    return { kind, pseudonym, original };
  }

  /** Nothing leads back from these any more. */
  forget(pseudonyms: Iterable<string>): void {
    inTransaction(this.database, () => {
      const remove = this.database.prepare('DELETE FROM link WHERE lookup = ?');
      for (const pseudonym of pseudonyms) remove.run(this.lookupOf(pseudonym));
    });
  }

  count(): number {
    return Number(this.database.prepare('SELECT count(*) AS n FROM link').get()!.n);
  }

  close(): void {
    this.database.close();
  }

  private prepare(): void {
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    const bound = Buffer.from(CHECK);
    inTransaction(this.database, () => {
      this.database.exec(TABLES);
      const row = this.database.prepare('SELECT sealed FROM key_check').get();
      if (row !== undefined) this.unseal(row.sealed as Uint8Array, bound);
      else this.database.prepare('INSERT INTO key_check VALUES (1, ?)').run(this.seal(CHECK, bound));
    });
  }

  private lookupOf(pseudonym: string): Buffer {
    return createHmac('sha256', this.lookupKey).update(pseudonym, 'utf8').digest();
  }

  private seal(text: string, bound: Uint8Array): Buffer {
    const plain = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(plain.length);
    const padding = Buffer.alloc((PADDED_TO - ((plain.length + 4) % PADDED_TO)) % PADDED_TO);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealKey, nonce).setAAD(bound);
    const sealed = Buffer.concat([cipher.update(Buffer.concat([length, plain, padding])), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  private unseal(sealed: Uint8Array, bound: Uint8Array): string {
    try {
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.sealKey, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(bound)
        .setAuthTag(tag);
      const plain = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return plain.subarray(4, 4 + plain.readUInt32LE(0)).toString('utf8');
    } catch (thrown) {
      throw new ConsiliumError('PSEUDONYM_MAP_CORRUPT', {}, thrown);
    }
  }
}

function derive(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), purpose, 32));
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function isNotADatabase(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(code & 0xff);
}
