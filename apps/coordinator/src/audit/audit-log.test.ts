import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { leafHash, parseEntry } from '@consilium/audit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '../platform/database.js';
import { migrate } from '../platform/migrate.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { AuditLog, subject } from './audit-log.js';

/** All that prisma/ has, in order. */
const MIGRATIONS = readdirSync(fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url)))
  .filter((name) => /^\d{14}_/.test(name))
  .sort();

let federation: TestFederation;
let database: Database;
let audit: AuditLog;
beforeAll(async () => {
  federation = await TestFederation.make();
  const applied = await migrate(federation.databaseUrl);
  expect(applied).toEqual(MIGRATIONS);
  database = new Database({ databaseUrl: federation.databaseUrl });
  audit = new AuditLog(database, { federation: 'test' });
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await federation.close();
});

const act = (n: number) => ({ type: 'site.hello' as const, subject: subject('site', `site-${n}`), payload: { n } });

it('numbers entries without a gap, whatever transactions run at once and fail', async () => {
  const writers = Array.from({ length: 24 }, (_, n) =>
    database.transaction(async (transaction) => {
      await audit.append(transaction, [act(n), act(n)]);
      if (n % 3 === 0) throw new Error('rolled back');
    }),
  );
  const outcomes = await Promise.allSettled(writers);
  expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(16);
  expect(await audit.size()).toBe(32n);
  const entries = await audit.page(0n, 1000);
  expect(entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 32 }, (_, seq) => BigInt(seq)));
  for (const entry of entries) {
    expect(parseEntry(entry.bytes).seq).toBe(Number(entry.seq));
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
    expect(Buffer.from(entry.leafHash)).toEqual(leafHash(entry.bytes, sha256));
  }
});

it('appends an entry for each of 70,490 evaluations in one transaction, and one that lists them all', async () => {
  const before = Number(await audit.size());
  const acts = Array.from({ length: 70_490 }, (_, n) => ({
    type: 'evaluation.assigned' as const,
    subject: subject('evaluation', n.toString(16).padStart(64, '0')),
    payload: { site: `site-${n % 265}`, modelDigest: n.toString(16).padStart(64, '1'), split: 'test' },
  }));
  const since = performance.now();
  const list = { ...act(1), payload: { evaluations: acts.map(({ subject }) => subject.id) } };
  const places = await database.transaction((transaction) => audit.append(transaction, [list, ...acts]));
  console.info(`appended ${places.length} entries in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  const [{ parts }] = [parseEntry((await audit.page(BigInt(before), 1))[0]!.bytes).payload as { parts: number }];
  expect(places.map(({ seq }) => Number(seq))).toEqual(acts.concat(acts[0]!).map((_, n) => before + parts + n));
  expect(Number(await audit.size())).toBe(before + parts + 1 + acts.length);
}, 60_000);

it.each([
  ['UPDATE audit_entry SET bytes = bytes', 'append-only'],
  ['DELETE FROM audit_entry WHERE seq = 0', 'append-only'],
  ['TRUNCATE audit_entry', 'append-only'],
  ["INSERT INTO audit_entry VALUES (99999999, 'x', 'y')", 'not the next one'],
  [
    "INSERT INTO audit_entry SELECT (SELECT MAX(seq) FROM audit_entry) + n, 'x', 'y' FROM unnest(ARRAY[1, 2, 4]) AS n",
    'not the next one',
  ],
])('the database refuses %s', async (sql, why) => {
  await expect(federation.query(sql)).rejects.toThrow(why);
});

it('migrates once, and refuses a database whose migrations were edited', async () => {
  expect(await migrate(federation.databaseUrl)).toEqual([]);
  await federation.query("UPDATE _prisma_migrations SET checksum = 'other'");
  await expect(migrate(federation.databaseUrl)).rejects.toMatchObject({ code: 'MIGRATION_MISMATCH' });
});
