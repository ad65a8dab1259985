import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFederation } from '../testing/federation.fixture.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';

let federation: TestFederation;
let database: Database;
beforeAll(async () => {
  federation = await TestFederation.make();
  await migrate(federation.databaseUrl);
  database = new Database({ databaseUrl: federation.databaseUrl });
}, 60_000);
afterAll(async () => {
  await database.onApplicationShutdown();
  await federation.close();
});

it('refuses a query through the pool, and another transaction, inside of a transaction', async () => {
  const inside = (work: () => Promise<unknown>) => database.transaction(async () => work());
  await expect(inside(() => database.client.site.count())).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(inside(() => database.transaction(async () => 1))).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await database.client.site.count()).toBe(0);
});

it('lets what a transaction has begun, and not waited for, go on when it is over', async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let later: Promise<number> | undefined;
  await database.transaction(async () => {
    later = over.then(() => database.client.site.count());
  });
  end();
  expect(await later).toBe(0);
});
