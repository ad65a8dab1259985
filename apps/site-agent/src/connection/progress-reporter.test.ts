import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';
import { Order, Stage } from '@consilium/proto';
import { expect, it } from 'vitest';
import { createLogger } from '../platform/logger.js';
import type { CoordinatorLink } from './coordinator-link.js';
import { ProgressReporter } from './progress-reporter.js';

interface Sent {
  readonly stage: Stage;
  readonly step: number;
}

function reporterOf(answer: () => Order) {
  const sent: Sent[] = [];
  const heard: string[] = [];
  const client = {
    reportProgress: async (request: Sent) => {
      sent.push(request);
      return { order: answer() };
    },
  };
  const link = { callOnce: async (attempt: (c: unknown, o: object) => unknown) => attempt(client, {}) };
  const reporter = new ProgressReporter({
    link: link as unknown as CoordinatorLink,
    runId: 'run-1',
    round: 1,
    evaluationId: '',
    signal: new AbortController().signal,
    logger: createLogger('silent', 'site-a'),
    onStop: () => heard.push('stop'),
    onDrain: () => heard.push('drain'),
  });
  return { reporter, sent, heard };
}

it('reports a new stage at once and a busy stage twice a second, always with the latest step', async () => {
  const { reporter, sent } = reporterOf(() => Order.CONTINUE);
  reporter.report({ stage: 'fetching' });
  await sleep(20);
  for (let step = 1; step <= 60; step++) {
    reporter.report({ stage: 'training', step });
    await sleep(20);
  }
  await reporter.close();
  expect(sent[0]).toMatchObject({ stage: Stage.FETCHING });
  expect(sent[1]).toMatchObject({ stage: Stage.TRAINING });
  expect(sent[1]!.step).toBeLessThan(10);
  // 1.2 s and more of steps: one report at the beginning, then one each half second.
  expect(sent.length).toBeGreaterThanOrEqual(4);
  expect(sent.length).toBeLessThanOrEqual(2 + Math.ceil(sent.at(-1)!.step / 10));
  const count = sent.length;
  await sleep(600);
  expect(sent.length).toBe(count);
});

it('passes on the orders to stop and to drain', async () => {
  for (const [order, word] of [
    [Order.STOP, 'stop'],
    [Order.DRAIN, 'drain'],
  ] as const) {
    const { reporter, heard } = reporterOf(() => order);
    reporter.report({ stage: 'training' });
    await sleep(20);
    await reporter.close();
    expect(heard).toEqual([word]);
  }
});

it('a lost report ends nothing; a round that is gone ends the work', async () => {
  const fail = (code: 'COORDINATOR_UNREACHABLE' | 'ROUND_NOT_FOUND') => () => {
    throw new ConsiliumError(code);
  };
  const lost = reporterOf(fail('COORDINATOR_UNREACHABLE'));
  lost.reporter.report({ stage: 'training' });
  const gone = reporterOf(fail('ROUND_NOT_FOUND'));
  gone.reporter.report({ stage: 'training' });
  await sleep(50);
  await Promise.all([lost.reporter.close(), gone.reporter.close()]);
  expect(lost.heard).toEqual([]);
  expect(gone.heard).toEqual(['stop']);
});
