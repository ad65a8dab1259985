import { describe, expect, it } from 'vitest';
import { aggregateInMemory, from, UNBOUNDED } from '../in-memory.fixture.js';
import { keepsTheContract } from '../strategy.contract.js';
import { local } from './local.js';

describe('local', () => {
  keepsTheContract(local);

  it('gives each site its own model plus its own delta, whatever its example count', async () => {
    const updates = [from('b', 300, [0, -8]), from('a', 1, [4, 0.5])];
    const models = await aggregateInMemory(local, Float32Array.of(10, 20), updates);
    expect([...models]).toEqual([
      ['a', Float32Array.of(14, 20.5)],
      ['b', Float32Array.of(10, 12)],
    ]);
  });

  it('refuses to make one model of several sites', () => {
    const updates = [from('a', 1, [1]), from('b', 1, [1])];
    expect(() => local.weigh(updates, UNBOUNDED, {})).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});
