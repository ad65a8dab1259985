import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import {
  AUDIT_ENTRY_TYPES,
  type AuditEntry,
  type AuditEntryType,
  type AuditValue,
  boundedPayload,
  canonicalEntry,
  MAXIMUM_ENTRY_BYTES,
} from './index.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const entry = (type: AuditEntryType, payload: AuditEntry['payload']): AuditEntry => ({
  ...{ v: 1, seq: Number.MAX_SAFE_INTEGER, type, time: '2026-03-01T12:00:00.250Z', payload },
  ...{ actor: { kind: 'site', id: 'x'.repeat(64) }, subject: { kind: 'round', id: 'y'.repeat(256) } },
  ...{ runId: 'z'.repeat(36), round: 2 ** 31 - 1 },
});

const SITES = 1000;
const site = (n: number) => `${'s'.repeat(58)}-${String(n).padStart(5, '0')}`;
const many = <T>(make: (n: number) => T) => Array.from({ length: SITES }, (_, n) => make(n));
const digest = (n: number) => sha256(Buffer.from(String(n))).toString('hex');

/** All that an entry of today says, for 1,000 sites and as many datasets with names of the greatest length, at once. */
const LARGEST = {
  sites: many(site),
  missing: many(site),
  unevaluated: many(site),
  updates: many((n) => ({ site: site(n), updateId: digest(n), manifestDigest: digest(-n) })),
  models: many((n) => ({ site: site(n), digest: digest(n) })),
  datasets: many((n) => ({
    name: `${n}`.repeat(60).slice(0, 200),
    version: '\u{1f9e0}'.repeat(100),
    train: 2 ** 53 - 1,
  })),
  reason: `Too few sites; missing: ${many(site).join(', ')}.`,
  planHash: digest(1),
};

it.each(Object.keys(AUDIT_ENTRY_TYPES) as AuditEntryType[])('%s of 1,000 sites and 1,000 datasets fits', (type) => {
  const { payload, parts } = boundedPayload(LARGEST, sha256);
  const sizes = [entry(type, payload), ...parts.map((part) => entry('list.part', part))].map(
    (made) => canonicalEntry(made).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAXIMUM_ENTRY_BYTES);
  expect(sizes[0]).toBeLessThan(4096);
});

it('puts a list together again from its parts, in order, and the digest is that of the whole', () => {
  const { payload, parts } = boundedPayload({ updates: LARGEST.updates, round: 3 }, sha256);
  const said = payload.updates as { count: number; digest: string; parts: number };
  const items = parts.flatMap((part) => part.items as AuditValue[]);
  expect(items).toEqual(LARGEST.updates);
  expect(said).toEqual({ count: SITES, parts: parts.length, digest: said.digest });
  expect(parts.map(({ part, parts: of, digest: whole }) => [part, of, whole])).toEqual(
    parts.map((_, index) => [index + 1, parts.length, said.digest]),
  );
  expect(sha256(Buffer.from(canonicalJson(items))).toString('hex')).toBe(said.digest);
  expect(payload.round).toBe(3);
});

it('leaves a payload of a few sites as it is', () => {
  const small = { sites: ['ash', 'birch'], reason: 'A sentence.', nothing: null, list: [] };
  expect(boundedPayload(small, sha256)).toEqual({ payload: small, parts: [] });
});

it('cuts a long text between characters', () => {
  const { payload } = boundedPayload({ reason: `${'x'.repeat(998)}\u{1f9e0}${'y'.repeat(9)}` }, sha256);
  expect(payload.reason).toBe(`${'x'.repeat(998)}…`);
});

it.each([
  ['an object', { value: Object.fromEntries(many((n) => [site(n), 1])) }],
  ['an item of a list', { list: ['x'.repeat(40_000), 'y'] }],
])('refuses %s that is too large by itself', (_, payload) => {
  expect(() => boundedPayload(payload, sha256)).toThrow(expect.objectContaining({ code: 'AUDIT_ENTRY_INVALID' }));
});
