import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { AUDIT_ENTRY_TYPES, type AuditEntry, canonicalEntry, leafHash, parseEntry } from './index.js';

const entry: AuditEntry = {
  v: 1,
  seq: 7,
  type: 'update.received',
  time: '2026-03-01T12:00:00.250Z',
  actor: { kind: 'site', id: 'nord' },
  subject: { kind: 'update', id: 'u-1' },
  runId: 'run-1',
  round: 3,
  payload: { exampleCount: 120, deltaNorm: '3.25', chunkDigests: ['aa', 'bb'] },
};

const text =
  '{"actor":{"id":"nord","kind":"site"},"payload":{"chunkDigests":["aa","bb"],"deltaNorm":"3.25","exampleCount":120},' +
  '"round":3,"runId":"run-1","seq":7,"subject":{"id":"u-1","kind":"update"},"time":"2026-03-01T12:00:00.250Z",' +
  '"type":"update.received","v":1}';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const bytesOf = (json: string) => new TextEncoder().encode(json);
const invalid = expect.objectContaining({ code: 'AUDIT_ENTRY_INVALID' });

it('an entry has these bytes and this leaf hash, whatever order its fields were written in', () => {
  expect(new TextDecoder().decode(canonicalEntry(entry))).toBe(text);
  const shuffled = Object.fromEntries(Object.entries(entry).reverse()) as unknown as AuditEntry;
  expect(canonicalEntry(shuffled)).toEqual(canonicalEntry(entry));
  expect(Buffer.from(leafHash(canonicalEntry(entry), sha256)).toString('hex')).toBe(
    createHash('sha256').update('\0').update(text).digest('hex'),
  );
});

it('an entry comes back from its bytes', () => {
  expect(parseEntry(canonicalEntry(entry))).toEqual(entry);
  const { runId: _, round: __, ...short } = entry;
  expect(parseEntry(canonicalEntry(short))).toEqual(short);
});

it.each(Object.keys(AUDIT_ENTRY_TYPES))('%s can be written', (type) => {
  expect(parseEntry(canonicalEntry({ ...entry, type } as AuditEntry)).type).toBe(type);
});

it.each([
  ['white space', text.replace(',"round"', ', "round"')],
  ['a duplicate key', text.replace('"round":3', '"round":3,"round":3')],
  ['another order of keys', text.replace('{"actor"', '{"v":1,"actor"').replace(',"v":1}', '}')],
  ['an escape that is not needed', text.replace('nord', '\\u006eord')],
  ['a number written another way', text.replace('"seq":7', '"seq":7.0')],
  ['minus zero', text.replace('"seq":7', '"seq":-0')],
  ['a byte order mark', `\ufeff${text}`],
  ['a float', text.replace('120', '120.5')],
  ['a number beyond 2^53', text.replace('120', '9007199254740993')],
  ['half of a surrogate pair', text.replace('nord', '\\ud800')],
  ['a key that sets the prototype', text.replace('"chunkDigests"', '"__proto__":{},"chunkDigests"')],
  ['an unknown field', text.replace('"v":1', '"v":1,"w":1')],
  ['an unknown type', text.replace('update.received', 'update.recieved')],
  ['another version', text.replace('"v":1', '"v":2')],
  ['a missing field', text.replace('"seq":7,', '')],
  ['a negative number', text.replace('"seq":7', '"seq":-7')],
  ['a day that does not exist', text.replace('03-01T', '02-30T')],
  ['a time without milliseconds', text.replace('.250Z', 'Z')],
  ['an actor of another kind', text.replace('"kind":"site"', '"kind":"robot"')],
  ['an empty id', text.replace('"id":"u-1"', '"id":""')],
  ['a list as payload', text.replace(/"payload":\{[^}]*\}/, '"payload":[]')],
  ['deep nesting', text.replace('"3.25"', '['.repeat(30) + ']'.repeat(30))],
  ['nesting beyond any stack', text.replace('"3.25"', '['.repeat(30_000) + ']'.repeat(30_000))],
  ['a list instead of an entry', '[]'],
  ['no JSON', text.slice(1)],
])('bytes with %s are refused', (_what, json) => {
  expect(json).not.toBe(text);
  expect(() => parseEntry(bytesOf(json))).toThrow(invalid);
});

it('bytes that are not UTF-8 are refused', () => {
  const bytes = canonicalEntry(entry);
  bytes[bytes.indexOf('n'.charCodeAt(0))] = 0xff;
  expect(() => parseEntry(bytes)).toThrow(invalid);
});

it('an entry of 65,535 bytes is written, one more byte is refused', () => {
  const padded = (extra: number) => ({ ...entry, payload: { note: 'x'.repeat(extra) } });
  const room = 65_535 - canonicalEntry(padded(0)).length;
  expect(canonicalEntry(padded(room))).toHaveLength(65_535);
  expect(() => canonicalEntry(padded(room + 1))).toThrow(invalid);
});

it.each([
  ['undefined', undefined],
  ['a date', new Date(0)],
  ['a big integer', 1n],
  ['bytes', new Uint8Array(2)],
  ['infinity', Number.POSITIVE_INFINITY],
])('a payload with %s is refused, not dropped', (_what, value) => {
  expect(() => canonicalEntry({ ...entry, payload: { value: value as never } })).toThrow(invalid);
});
