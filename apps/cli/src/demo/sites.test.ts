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

it('agents share the processors, and each has at least one thread', () => {
  expect([threadsPerSite(2, 4), threadsPerSite(16, 4), threadsPerSite(7, 2)]).toEqual([1, 4, 3]);
});
