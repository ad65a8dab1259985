import { CHUNK_BYTES, payloadBytes } from '@consilium/tensors';
import { expect, it } from 'vitest';
import { aggregateModel } from './aggregate-model.js';
import { fedavg } from './fedavg/index.js';
import { aggregateInMemory, from, layoutOf, UNBOUNDED } from './in-memory.fixture.js';
import { local } from './local/index.js';
import { siteRanges } from './site-scope.js';
import type { AggregationStrategy } from './strategy.js';

const VALUES_PER_CHUNK = CHUNK_BYTES / 4;
const ramp = (length: number, step: number) => Float32Array.from({ length }, (_, j) => step * (1 + (j % 1000)));

it('aggregates models of several chunks as if they were one', async () => {
  const length = 2 * VALUES_PER_CHUNK + 5;
  const updates = [from('a', 1, ramp(length, 4)), from('b', 3, ramp(length, -8))];
  const next = (await aggregateInMemory(fedavg, ramp(length, 2), updates)).get('');
  // 2 + 1/4 * 4 + 3/4 * -8 = -3, exact in float32.
  expect(next).toEqual(ramp(length, -3));
});

it('leaves the blocks that stay at the site as they are, across the border of chunks', async () => {
  const lengths = [VALUES_PER_CHUNK - 3, 4, 2, VALUES_PER_CHUNK];
  const layout = layoutOf(lengths, ['shared', 'site', 'site', 'shared']);
  const length = lengths.reduce((a, b) => a + b);
  const global = ramp(length, 2);
  for (const strategy of [fedavg, local]) {
    const models = await aggregateInMemory(strategy, global, [from('a', 1, new Float32Array(length).fill(7))], layout);
    const next = [...models.values()][0]!;
    const kept = (j: number) => j >= VALUES_PER_CHUNK - 3 && j < VALUES_PER_CHUNK + 3;
    expect(next).toEqual(global.map((g, j) => (kept(j) ? g : g + 7)));
  }
});

it('joins neighbouring site blocks and drops shared ones', () => {
  expect(siteRanges(layoutOf([3, 2, 4, 1, 5], ['site', 'shared', 'site', 'site', 'shared']))).toEqual([
    { start: 0, end: 3 },
    { start: 5, end: 10 },
  ]);
});

it('says that a candidate is not finite when the sum overflows float32', async () => {
  const outcome = await aggregateModel({
    strategy: fedavg,
    layout: layoutOf([2]),
    round: 1,
    updates: [from('a', 1, [3e38, 1])],
    bounds: UNBOUNDED,
    readChunk: async (update) => payloadBytes(update.delta),
    readGlobal: async () => payloadBytes(Float32Array.of(3e38, 1)),
    writeChunk: async () => {},
  });
  expect(outcome).toMatchObject({ chunks: 1, isFinite: false });
});

it('holds one chunk of one update at a time', async () => {
  const length = 2 * VALUES_PER_CHUNK;
  const order: string[] = [];
  await aggregateModel({
    strategy: fedavg,
    layout: layoutOf([length]),
    round: 1,
    updates: [from('b', 1, []), from('a', 1, [])],
    bounds: UNBOUNDED,
    readChunk: async (update, chunk) => {
      order.push(`${update.siteId}${chunk}`);
      return new Uint8Array(CHUNK_BYTES);
    },
    readGlobal: async () => new Uint8Array(CHUNK_BYTES),
    writeChunk: async (chunk) => void order.push(`write${chunk}`),
  });
  expect(order).toEqual(['a0', 'b0', 'write0', 'a1', 'b1', 'write1']);
});

it('gives a strategy what it asks for: dot products, each delta, and its state', async () => {
  const asked: unknown[] = [];
  const greedy: AggregationStrategy = {
    name: 'greedy',
    scope: 'all-sites',
    sees: 'each-update',
    needs: ['pairwiseDot'],
    stateSlots: ['momentum'],
    weigh(updates, bounds, measured) {
      asked.push(measured);
      return local.weigh(updates.slice(0, 1), bounds, measured).concat(local.weigh(updates.slice(1), bounds, measured));
    },
    step({ global, each, state }) {
      asked.push(each);
      return { global: global.slice(), state: [state[0]!.map((m) => m * 2)] };
    },
  };
  let momentum = payloadBytes(Float32Array.of(5, 6)).slice();
  const host = {
    strategy: greedy,
    layout: layoutOf([2]),
    round: 1,
    updates: [from('b', 1, [3, 4]), from('a', 1, [1, -2])],
    bounds: UNBOUNDED,
    readChunk: async (update: ReturnType<typeof from>) => payloadBytes(update.delta),
    readGlobal: async () => payloadBytes(Float32Array.of(0, 0)),
    writeChunk: async () => {},
  };
  await expect(aggregateModel(host)).rejects.toMatchObject({ code: 'INTERNAL' });
  asked.length = 0;
  await aggregateModel({
    ...host,
    state: {
      read: async () => momentum,
      write: async (_slot, _chunk, bytes) => {
        momentum = bytes.slice();
      },
    },
  });
  expect(asked).toEqual([
    { pairwiseDot: [Float64Array.of(5, -5), Float64Array.of(-5, 25)] },
    [Float32Array.of(1, -2), Float32Array.of(3, 4)],
  ]);
  expect(new Float32Array(momentum.buffer)).toEqual(Float32Array.of(10, 12));
});
