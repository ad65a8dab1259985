import { expect, it } from 'vitest';
import { MR_SITE_PROFILES } from './mr-profiles.js';
import { signalOf, type TissueName } from './tissues.js';

/** Brightest first. */
const ORDERS: Readonly<Record<string, readonly TissueName[]>> = {
  T1: ['fat', 'white', 'grey', 'lesion', 'fluid'],
  T2: ['fluid', 'lesion', 'grey', 'white'],
  FLAIR: ['lesion', 'grey', 'white', 'fluid'],
};

it.each(
  MR_SITE_PROFILES.flatMap(({ model, protocol }) =>
    protocol.sequences.map(
      (sequence) => [sequence.name, model, { ...sequence, fieldTesla: protocol.fieldTesla }] as const,
    ),
  ),
)('%s of the %s has its tissues in the order that radiologists know', (name, _, sequence) => {
  const order = ORDERS[name]!;
  const signals = order.map((tissue) => signalOf(tissue, sequence));
  expect(order.map((_, k) => order[signals.indexOf([...signals].sort((a, b) => b - a)[k]!)])).toEqual(order);
});

it('a spin echo follows its equation, an inversion nulls what recovers halfway', () => {
  // White matter at 1.5 T: density 0.7, T1 640 ms, T2 76 ms.
  const signal = signalOf('white', { repetitionTimeMs: 500, echoTimeMs: 15, fieldTesla: 1.5 });
  expect(signal).toBeCloseTo(0.7 * (1 - Math.exp(-500 / 640)) * Math.exp(-15 / 76), 12);
  const nulled = { repetitionTimeMs: 1e6, echoTimeMs: 15, inversionTimeMs: 640 * Math.LN2, fieldTesla: 1.5 } as const;
  expect(signalOf('white', nulled)).toBeCloseTo(0, 9);
});
