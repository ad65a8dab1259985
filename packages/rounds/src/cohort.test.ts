import { expect, it } from 'vitest';
import { selectCohort } from './cohort.js';

const keys: Record<string, string> = { a: '9', b: '2', c: '7', d: '1', e: '5' };
const draw = (siteId: string) => keys[siteId] ?? '';

it('takes all participants in site-id order when no size is given', () => {
  expect(selectCohort(['c', 'a', 'b', 'a'], { cohortSize: null, quorum: 2 }, draw)).toEqual(['a', 'b', 'c']);
});

it('draws the sites with the smallest keys, whatever the order of the rows', () => {
  const rule = { cohortSize: 3, quorum: 2 };
  expect(selectCohort(['a', 'b', 'c', 'd', 'e'], rule, draw)).toEqual(['b', 'd', 'e']);
  expect(selectCohort(['e', 'd', 'c', 'b', 'a'], rule, draw)).toEqual(['b', 'd', 'e']);
});

it('never asks fewer sites than the quorum', () => {
  expect(selectCohort(['a', 'b', 'c', 'd', 'e'], { cohortSize: 1, quorum: 2 }, draw)).toEqual(['b', 'd']);
});

it('refuses a round that cannot reach its quorum', () => {
  expect(() => selectCohort(['a'], { cohortSize: null, quorum: 2 })).toThrow(
    expect.objectContaining({ code: 'QUORUM_NOT_MET' }),
  );
});
