import { CHUNK_BYTES } from '@consilium/tensors';
import { expect, it } from 'vitest';
import { DeltaNorm } from './delta-norm.js';
import { fedavg } from './fedavg/index.js';
import { aggregateInMemory, from, layoutOf, UNBOUNDED } from './in-memory.fixture.js';
import { local } from './local/index.js';
import type { WeightBounds } from './strategy.js';
import { cappedShares, isLimited, weighBounded } from './weighing.js';

const HALF: WeightBounds = { maximumShare: 0.5, clipToMedianNorm: 3 };
const update = (siteId: string, exampleCount: number, deltaNorm = 1) => ({ siteId, exampleCount, deltaNorm });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

it.each([
  // What is above the cap goes to the others by their examples: 60 % of 100 films gives 10 % to 30 and 10.
  [[60, 30, 10], 0.5, [0.5, 0.375, 0.125]],
  // Water-filling: the first capped lifts the second above the cap, so it is capped too.
  [[80, 15, 4, 1], 0.4, [0.4, 0.4, 0.16, 0.04]],
  [[30, 40, 30], 0.5, [0.3, 0.4, 0.3]],
  [[Number.MAX_SAFE_INTEGER, 30, 10], 0.5, [0.5, 0.375, 0.125]],
  // Without room for any other division all weigh the same; a site without examples weighs nothing.
  [[90, 10], 0.5, [0.5, 0.5]],
  [[7], 0.5, [1]],
  [[5, 3, 2], 0.2, [1 / 3, 1 / 3, 1 / 3]],
  [[9, 0, 1], 0.5, [0.5, 0, 0.5]],
  [[75, 25], 1, [0.75, 0.25]],
])('counts %j, none above %d, share the sum as %j', (counts, maximumShare, expected) => {
  const shares = cappedShares(counts, maximumShare);
  for (const [k, share] of shares.entries()) expect(share).toBeCloseTo(expected[k]!, 15);
});

it('shares sum to 1, keep to the cap and keep the order of the counts, whatever the counts are', () => {
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let round = 0; round < 2000; round++) {
    const counts = Array.from({ length: 1 + Math.floor(random() * 12) }, () => Math.ceil(1e6 ** random() * random()));
    const maximumShare = 0.05 + 0.95 * random();
    const shares = cappedShares(counts, maximumShare);
    expect(sum(shares)).toBeCloseTo(1, 12);
    const limit = Math.max(maximumShare, 1 / counts.length) * (1 + 1e-12);
    for (const [k, share] of shares.entries()) {
      expect(share).toBeLessThanOrEqual(limit);
      for (const [j, other] of shares.entries())
        if (counts[j]! <= counts[k]!) expect(other).toBeLessThanOrEqual(share * (1 + 1e-12));
    }
  }
});

it.each([
  [
    [1, 1.2, 3000],
    [1, 1.2, 3.6],
  ],
  [
    [1, 1.2, 1.1, 3000],
    [1, 1.2, 1.1, 3.3],
  ],
  // Of two, the shorter decides; one alone has nobody to be compared with.
  [
    [2, 3000],
    [2, 6],
  ],
  [[3000], [3000]],
  // A delta of zero says nothing of how long deltas are.
  [
    [0, 0, 5],
    [0, 0, 5],
  ],
  [
    [0, 0, 0],
    [0, 0, 0],
  ],
  [
    [1, 2.9, 0.1],
    [1, 2.9, 0.1],
  ],
])('norms %j count as %j', (norms, expected) => {
  const weighed = weighBounded(
    norms.map((norm, k) => update(`s${k}`, 1, norm)),
    HALF,
  );
  for (const [k, { clippedNorm }] of weighed.entries()) expect(clippedNorm).toBeCloseTo(expected[k]!, 12);
});

it('says of each site what was taken from it', () => {
  const weighed = weighBounded([update('a', 90, 500), update('b', 6, 1), update('c', 4, 2)], HALF);
  expect(weighed[0]).toEqual({
    ...{ siteId: 'a', exampleShare: 0.9, share: 0.5, deltaNorm: 500, clippedNorm: 6 },
    weight: 0.5 * (6 / 500),
  });
  expect(weighed.map(isLimited)).toEqual([true, false, false]);
  expect(sum(weighed.map(({ share }) => share))).toBe(1);
});

/** How far along [1, 0] the model moves, which is where the attacker pulls; three honest sites go along [0, 1]. */
async function pulled(count: number, length: number, bounds: WeightBounds): Promise<number> {
  const honest = ['a', 'b', 'c'].map((site) => from(site, 100, [0, 1]));
  const models = await aggregateInMemory(
    fedavg,
    Float32Array.of(0, 0),
    [...honest, from('d', count, [length, 0])],
    undefined,
    bounds,
  );
  return models.get('')![0]!;
}

it.each([
  ['2^53 - 1 examples', Number.MAX_SAFE_INTEGER, 1, 1, 0.5],
  ['a delta times 1000', 100, 1000, 250, 0.75],
  ['both', Number.MAX_SAFE_INTEGER, 1000, 1000, 1.5],
])('a site of four with %s moves the model by so much: %#', async (_what, count, length, before, after) => {
  expect(await pulled(count, length, UNBOUNDED)).toBeCloseTo(before, 4);
  expect(await pulled(count, length, HALF)).toBeCloseTo(after, 6);
});

it('bounds nothing where each site has a model of its own', () => {
  const [alone] = local.weigh([update('a', Number.MAX_SAFE_INTEGER, 1e30)], HALF, {});
  expect(alone).toMatchObject({ share: 1, clippedNorm: 1e30, weight: 1 });
});

it('refuses two updates of one site, and bounds that bound nothing sensible', () => {
  expect(() => weighBounded([update('a', 1), update('a', 1)], HALF)).toThrow(
    expect.objectContaining({ code: 'UPDATE_CONFLICT' }),
  );
  for (const bounds of [
    { maximumShare: 0, clipToMedianNorm: null },
    { maximumShare: 1.1, clipToMedianNorm: null },
    { maximumShare: Number.NaN, clipToMedianNorm: null },
    { maximumShare: 1, clipToMedianNorm: 0.5 },
    { maximumShare: 1, clipToMedianNorm: Number.NaN },
  ])
    expect(() => weighBounded([update('a', 1)], bounds)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }));
});

it('measures the shared values of a delta alone, across the border of chunks', () => {
  const perChunk = CHUNK_BYTES / 4;
  const layout = layoutOf([perChunk - 2, 4, 3, 1], ['shared', 'site', 'shared', 'site']);
  const delta = new DeltaNorm(layout);
  delta.add(0, new Float32Array(perChunk).fill(0).fill(3, perChunk - 3));
  delta.add(1, Float32Array.of(1e9, 1e9, 2, 4, 4, 1e9));
  // 3 before the border; 2, 4, 4 behind what stays at the site.
  expect(delta.norm).toBe(Math.sqrt(9 + 4 + 16 + 16));
});
