import { describe, expect, it } from 'vitest';
import { aggregateInMemory, from } from '../in-memory.fixture.js';
import { keepsTheContract } from '../strategy.contract.js';
import { fedavg } from './fedavg.js';

describe('fedavg', () => {
  keepsTheContract(fedavg);

  it('weights each delta by its example count', async () => {
    const updates = [from('a', 1, [4, 0]), from('b', 3, [0, -8])];
    const models = await aggregateInMemory(fedavg, Float32Array.of(10, 20), updates);
    expect([...models]).toEqual([['', Float32Array.of(11, 14)]]);
  });

  it('ignores the delta of a site without examples', async () => {
    const updates = [from('a', 0, [4000, 1]), from('b', 5, [2, -8])];
    const models = await aggregateInMemory(fedavg, Float32Array.of(10, 20), updates);
    expect(models.get('')).toEqual(Float32Array.of(12, 12));
  });

  it('sums in float64: a small delta survives two large ones that cancel', async () => {
    const updates = [from('a', 1, [2 ** 30]), from('b', 1, [3]), from('c', 1, [-(2 ** 30)])];
    const models = await aggregateInMemory(fedavg, Float32Array.of(0), updates);
    expect(models.get('')).toEqual(Float32Array.of(1));
  });
});
