import { ConsiliumError } from '@consilium/errors';
import { type AuditValue, canonicalJson } from './canonical-json.js';
import { type AuditEntryType, isAuditEntryType } from './entry-types.js';

/** Who did it. A person is a pseudonymous id; the name behind it is never in the log. */
export interface AuditActor {
  readonly kind: 'coordinator' | 'site' | 'person';
  readonly id: string;
}

/** What it was done to, in the words of the code: plan, run, round, site, update, evaluation, model. */
export interface AuditSubject {
  readonly kind: string;
  readonly id: string;
}

/** One act. Entries are numbered without a gap from 0. */
export interface AuditEntry {
  readonly v: 1;
  readonly seq: number;
  readonly type: AuditEntryType;
  /** RFC 3339 in UTC with milliseconds: 2026-03-01T12:00:00.000Z. */
  readonly time: string;
  readonly actor: AuditActor;
  readonly subject: AuditSubject;
  readonly runId?: string;
  readonly round?: number;
  readonly payload: { readonly [key: string]: AuditValue };
}

/** The largest entry that the length prefix of a tlog-tiles entry bundle can tell. */
export const MAXIMUM_ENTRY_BYTES = 65_535;

/**
 * The bytes of an entry, as they are stored, hashed and proved.
 *
 * Errors   AUDIT_ENTRY_INVALID: an unknown field or type, a float, an ill-formed string or time, more than 65,535 bytes.
 * Source   RFC 8785; c2sp.org/tlog-tiles for the size.
 */
export function canonicalEntry(entry: AuditEntry): Uint8Array {
  requireEntry(entry);
  const bytes = new TextEncoder().encode(canonicalJson(entry));
  if (bytes.length > MAXIMUM_ENTRY_BYTES) refuse('', `${bytes.length} bytes`);
  return bytes;
}

/**
 * Reads an entry back. Only the canonical bytes are accepted: this is what catches duplicate keys, white space, -0,
 * numbers beyond 2^53 and every other second way to write the same entry.
 *
 * Errors   AUDIT_ENTRY_INVALID.
 */
export function parseEntry(bytes: Uint8Array): AuditEntry {
  if (bytes.length > MAXIMUM_ENTRY_BYTES) refuse('', `${bytes.length} bytes`);
  let text: string;
  let entry: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    entry = JSON.parse(text);
  } catch (error) {
    throw new ConsiliumError('AUDIT_ENTRY_INVALID', { problem: 'not JSON in UTF-8' }, error);
  }
  requireEntry(entry);
  // Well-formed UTF-8 has one text and one only, so that equal texts are equal bytes.
  if (canonicalJson(entry) !== text) refuse('', 'not canonical');
  return entry;
}

const REQUIRED = ['v', 'seq', 'type', 'time', 'actor', 'subject', 'payload'];
const OPTIONAL = ['runId', 'round'];
const ACTOR_KINDS: readonly unknown[] = ['coordinator', 'site', 'person'] satisfies AuditActor['kind'][];

function requireEntry(value: unknown): asserts value is AuditEntry {
  const entry = requireObject(value, '', REQUIRED, OPTIONAL);
  if (entry.v !== 1) refuse('/v', 'not version 1');
  requireCount(entry.seq, '/seq');
  if (!isAuditEntryType(entry.type)) refuse('/type', 'unknown type');
  requireTime(entry.time);
  const actor = requireObject(entry.actor, '/actor', ['kind', 'id'], []);
  if (!ACTOR_KINDS.includes(actor.kind)) refuse('/actor/kind', 'unknown kind');
  requireId(actor.id, '/actor/id');
  const subject = requireObject(entry.subject, '/subject', ['kind', 'id'], []);
  requireId(subject.kind, '/subject/kind');
  requireId(subject.id, '/subject/id');
  if (Object.hasOwn(entry, 'runId')) requireId(entry.runId, '/runId');
  if (Object.hasOwn(entry, 'round')) requireCount(entry.round, '/round');
  if (typeof entry.payload !== 'object' || entry.payload === null || Array.isArray(entry.payload))
    refuse('/payload', 'not an object');
}

function requireObject(
  value: unknown,
  at: string,
  required: readonly string[],
  optional: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'not an object');
  for (const key of required) if (!Object.hasOwn(value, key)) refuse(`${at}/${key}`, 'missing');
  for (const key of Object.keys(value))
    if (!required.includes(key) && !optional.includes(key)) refuse(`${at}/${key}`, 'unknown field');
  return value as Record<string, unknown>;
}

function requireCount(value: unknown, at: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(at, 'not a count');
}

function requireId(value: unknown, at: string): void {
  if (typeof value !== 'string' || value.length === 0 || value.length > 256) refuse(at, 'not an id');
}

function requireTime(value: unknown): void {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value))
    refuse('/time', 'not a time');
  const time = new Date(value);
  // The 30th of February has the form of a time, and is none.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== value) refuse('/time', 'not a time');
}

function refuse(at: string, problem: string): never {
  throw new ConsiliumError('AUDIT_ENTRY_INVALID', { at, problem });
}
