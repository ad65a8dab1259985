import { expect, it } from 'vitest';
import { threadsPerSite } from './agents.js';
import { MOST_SITES, phantomSites, pseudonymKey } from './sites.js';

it('the same seed gives the same hospitals, and fewer are the first of more', () => {
  const four = phantomSites(4, 7);
  expect(phantomSites(6, 7).slice(0, 4)).toEqual(four);
  expect(phantomSites(4, 8)).not.toEqual(four);
  expect(new Set(phantomSites(MOST_SITES, 7).map(({ id }) => id)).size).toBe(MOST_SITES);
});

it('the key of the pseudonyms depends on seed and site', () => {
  const keys = [pseudonymKey(1, 'alder'), pseudonymKey(2, 'alder'), pseudonymKey(1, 'birch')];
  expect(new Set(keys).size).toBe(3);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(pseudonymKey(1, 'alder')).toBe(keys[0]);
});

it('a large site gets the processors that the small ones leave idle, and each site has at least one', () => {
  expect(threadsPerSite(2, [66, 109, 88, 95])).toEqual([1, 1, 1, 1]);
  expect(threadsPerSite(2, [15, 83, 52, 336])).toEqual([1, 1, 1, 2]);
  expect(threadsPerSite(16, [100, 100, 100, 100])).toEqual([4, 4, 4, 4]);
  expect(threadsPerSite(2, [0, 0])).toEqual([1, 1]);
});
