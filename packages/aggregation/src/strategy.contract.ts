import { expect, it } from 'vitest';
import { aggregateInMemory, from, UNBOUNDED } from './in-memory.fixture.js';
import type { AggregationStrategy } from './strategy.js';

/** What every strategy keeps, whatever it computes. Call it from the strategy's own test file. */
export function keepsTheContract(strategy: AggregationStrategy): void {
  const round = (global: readonly number[], ...arrived: ReturnType<typeof from>[]) =>
    aggregateInMemory(strategy, Float32Array.from(global), arrived);

  it('does not depend on the order in which sites delivered', async () => {
    // 1e20 and -1e20 cancel only if they meet before the 3; friendly whole numbers would hide it.
    const updates = [from('a', 1, [1e20, 2]), from('b', 1, [-1e20, 5]), from('c', 1, [3, -7])];
    const expected = await round([0, 1], ...updates);
    for (const order of [
      [2, 1, 0],
      [1, 2, 0],
      [0, 2, 1],
    ])
      expect(await round([0, 1], ...order.map((k) => updates[k]!))).toEqual(expected);
  });

  it('moves the model by the delta when all deltas are equal', async () => {
    const delta = [0.375, -2.5, 7];
    const models = await round([10, 20, -30], ...[7, 1, 3].map((n, k) => from(`site-${k}`, n, delta)));
    for (const next of models.values()) expect([...next]).toEqual([10.375, 17.5, -23]);
  });

  it('refuses an update of another shape', async () => {
    for (const delta of [[1], [1, 2, 3]])
      await expect(round([1, 2], from('a', 2, [3, 4]), from('b', 2, delta))).rejects.toMatchObject({
        code: 'UPDATE_LAYOUT_MISMATCH',
      });
  });

  it('refuses an update that is not finite, and says whose it is', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      await expect(round([1, 2], from('b', 2, [3, value]), from('a', 2, [3, 4]))).rejects.toMatchObject({
        code: 'UPDATE_NOT_FINITE',
        detail: { site: 'b', chunk: 0 },
      });
  });

  it('refuses a round in which nobody had an example', async () => {
    await expect(round([1, 2], from('a', 0, [3, 4]), from('b', 0, [5, 6]))).rejects.toMatchObject({
      code: 'QUORUM_NOT_MET',
    });
  });

  it('refuses a round without an update', async () => {
    await expect(round([1, 2])).rejects.toMatchObject({ code: 'QUORUM_NOT_MET' });
    expect(() => strategy.weigh([], UNBOUNDED, {})).toThrow(expect.objectContaining({ code: 'QUORUM_NOT_MET' }));
  });

  it('refuses a count that no dataset can have, and a norm that no delta can, before it reads a chunk', async () => {
    const { NaN: nan, POSITIVE_INFINITY: infinite, NEGATIVE_INFINITY: minusInfinite, MAX_SAFE_INTEGER } = Number;
    for (const count of [-1, -0.5, 1.5, nan, infinite, minusInfinite, MAX_SAFE_INTEGER + 1, 2 ** 64])
      await expect(round([1, 2], from('b', count, [3, 4]), from('a', 2, [3, 4]))).rejects.toMatchObject({
        code: 'UPDATE_COUNT_INVALID',
        detail: { site: 'b' },
      });
    for (const deltaNorm of [-1, nan, infinite])
      await expect(round([1, 2], { ...from('b', 1, [3, 4]), deltaNorm })).rejects.toMatchObject({
        code: 'UPDATE_NOT_FINITE',
        detail: { site: 'b' },
      });
  });

  it('changes none of its inputs', async () => {
    const global = Float32Array.of(1, 2);
    const updates = [from('b', 3, [3, 4]), from('a', 2, [5, 6])];
    await aggregateInMemory(strategy, global, updates);
    expect([...global]).toEqual([1, 2]);
    expect(updates).toEqual([from('b', 3, [3, 4]), from('a', 2, [5, 6])]);
    const chunk = { global, sum: Float64Array.of(0.5, 0.25), each: [Float32Array.of(3, 4)], state: [], round: 1 };
    const before = structuredClone(chunk);
    const next = strategy.step({ ...chunk, into: new Float32Array(2) });
    expect(chunk).toEqual(before);
    expect(next.global).not.toBe(global);
  });

  it('gives the same bytes twice', async () => {
    const updates = [from('a', 3, [0.1, 1e-9]), from('b', 7, [-0.3, 1 / 3]), from('c', 11, [0.7, -5e-5])];
    expect(await round([0.2, 0.5], ...updates)).toEqual(await round([0.2, 0.5], ...updates));
  });
}
