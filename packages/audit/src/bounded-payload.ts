import { ConsiliumError } from '@consilium/errors';
import { type AuditValue, canonicalJson } from './canonical-json.js';
import type { AuditEntry } from './entry.js';
import type { Sha256 } from './leaf-hash.js';

type Payload = AuditEntry['payload'];

/** What one value of a payload may take, so that an entry with several of them stays within its limit. */
const LARGEST_VALUE_BYTES = 8 * 1024;
const LARGEST_PART_BYTES = 32 * 1024;
const LONGEST_TEXT = 1000;

/** A payload that fits into an entry, however many sites, datasets or models it speaks of. */
export interface BoundedPayload {
  readonly payload: Payload;
  /** Payloads of the `list.part` entries that come before the entry; none for a payload that fits as it is. */
  readonly parts: readonly Payload[];
}

/**
 * Takes the long lists out of a payload. A list stays as it is up to 8 KiB; of a longer one the entry holds
 * `{count, digest, parts}`, and its items go into `list.part` entries `{digest, items, part, parts}` of at most 32 KiB each, part
 * counted from 1. The digest is SHA-256 of the whole list's RFC 8785 text. A text beyond 1,000 characters is cut, with a mark.
 *
 * Errors   AUDIT_ENTRY_INVALID: a value that no entry may hold, or an object or a list's item that is too large by itself.
 */
export function boundedPayload(payload: Payload, sha256: Sha256): BoundedPayload {
  const parts: Payload[] = [];
  const entries = Object.entries(payload).map(([key, value]): [string, AuditValue] => {
    if (typeof value === 'string') return [key, cut(value)];
    const text = canonicalJson(value);
    if (bytesOf(text).byteLength <= LARGEST_VALUE_BYTES) return [key, value];
    if (!isList(value)) throw new ConsiliumError('AUDIT_ENTRY_INVALID', { at: `/${key}`, problem: 'too large' });
    const digest = hex(sha256(bytesOf(text)));
    const pages = pagesOf(value, key);
    parts.push(...pages.map((items, index) => ({ digest, part: index + 1, parts: pages.length, items })));
    return [key, { count: value.length, digest, parts: pages.length }];
  });
  return { payload: Object.fromEntries(entries), parts };
}

function pagesOf(list: readonly AuditValue[], key: string): AuditValue[][] {
  const pages: AuditValue[][] = [];
  let room = 0;
  for (const item of list) {
    const size = bytesOf(canonicalJson(item)).byteLength + 1;
    if (size > LARGEST_PART_BYTES)
      throw new ConsiliumError('AUDIT_ENTRY_INVALID', { at: `/${key}`, problem: 'an item is too large' });
    if (size > room) {
      pages.push([]);
      room = LARGEST_PART_BYTES;
    }
    pages.at(-1)!.push(item);
    room -= size;
  }
  return pages;
}

function isList(value: AuditValue): value is readonly AuditValue[] {
  return Array.isArray(value);
}

/** Not in the middle of a surrogate pair, which no entry may hold. */
function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
