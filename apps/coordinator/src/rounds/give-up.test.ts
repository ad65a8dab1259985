import { ConsiliumError } from '@consilium/errors';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AuditLog } from '../audit/audit-log.js';
import { UploadArea } from '../chunks/upload-area.js';
import { ModelRegistry } from '../models/model-registry.js';
import { PlanRegister } from '../plans/plan-register.js';
import { Database } from '../platform/database.js';
import { createLogger } from '../platform/logger.js';
import type { WakeQueue } from '../platform/wake-queue.js';
import { RunRepository } from '../runs/run.repository.js';
import { RunTransitions } from '../runs/run-transitions.js';
import { Presence } from '../sites/presence.js';
import { TestFederation } from '../testing/federation.fixture.js';
import { tinyPlan } from '../testing/plans.fixture.js';
import type { AdvanceRun } from './advance-run.js';
import { Announce } from './announce.js';
import { GiveUp } from './give-up.js';
import { RoundTransitions } from './round-transitions.js';
import { RunDriver } from './run-driver.js';
import type { UpdateRetention } from './update-retention.js';
import { WorkBell } from './work-bell.js';

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.make();
  await federation.start();
}, 60_000);
afterAll(async () => federation.close());

/** A replica's own, which has not read the plan before. */
async function withGiveUp(use: (giveUp: GiveUp) => Promise<void>): Promise<void> {
  const database = new Database({ databaseUrl: federation.databaseUrl });
  const registry = new ModelRegistry(database);
  const audit = new AuditLog(database, { federation: 'test' });
  const runs = new RunRepository(database, new PlanRegister(database), new Presence(database));
  const announcing = new Announce(
    new UploadArea(federation.dataFolder),
    new WorkBell(),
    { wake: () => {} } as UpdateRetention,
    {
      reach: () => {},
    },
  );
  const transitions = [new RunTransitions(audit, registry), new RoundTransitions(audit, registry)] as const;
  await use(new GiveUp(database, runs, ...transitions, announcing));
  await database.onApplicationShutdown();
}

/** A driver whose attempts all fail, for an hour. */
async function hourOfFailures(error: unknown) {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const given: unknown[][] = [];
  let attempts = 0;
  const untilItWaits = async () => {
    attempts += 1;
    throw error;
  };
  const giveUp = { on: async (...said: unknown[]) => void given.push(said) } as unknown as GiveUp;
  const driver = new RunDriver(
    { untilItWaits } as unknown as AdvanceRun,
    giveUp,
    {} as RunRepository,
    {} as WakeQueue,
    {} as UploadArea,
    {} as UpdateRetention,
    createLogger('silent'),
  );
  driver.wake('run');
  await vi.advanceTimersByTimeAsync(3_600_000);
  const lastFailure = driver.lastFailure('run');
  await driver.beforeApplicationShutdown();
  vi.useRealTimers();
  return { attempts, given, lastFailure };
}

it.each([
  ['of what never passes', new ConsiliumError('AUDIT_ENTRY_INVALID'), 10, [['run', 'AUDIT_ENTRY_INVALID', 10]], null],
  ['of what nobody knows', new TypeError('a bug'), 10, [['run', 'INTERNAL', 10]], null],
  ['of a full disk', new ConsiliumError('DISK_FULL'), 64, [], 'DISK_FULL'],
  ['of a database that is away', Object.assign(new Error(), { code: 'P1001' }), 64, [], 'INTERNAL'],
])('a run that cannot be advanced because %s', async (_, error, most, given, lastFailure) => {
  const outcome = await hourOfFailures(error);
  expect(outcome).toMatchObject({ given, lastFailure });
  expect(outcome.attempts).toBeLessThanOrEqual(most);
  expect(outcome.attempts).toBeGreaterThan(most - 3);
});

it('fails a run whose plan cannot be read any more, with a reason, and its sites are told to stop', async () => {
  const site = await federation.site('ash');
  const rounds = { count: 1, quorum: 1, deadlineSeconds: 600, answerSeconds: 600 };
  const runId = await federation.run(tinyPlan('fedavg', { rounds }), ['ash']);
  await site.accept(await site.next('invitation'));
  await site.next('train');
  await federation.query("UPDATE plan SET canonical = 'something else'");
  await withGiveUp((giveUp) => giveUp.on(runId, 'PLAN_HASH_MISMATCH', 10));
  expect(await federation.view(runId)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('The plan is not the one that its hash names. It tried 10 times.'),
    rounds: [{ state: 'aborted' }],
  });
  expect((await site.next('stop')).reason).toContain('PLAN_HASH_MISMATCH');
});
