import { expect, it } from 'vitest';
import { sentenceOf, sentenceOfReason } from './wait.js';

const deadlineAt = new Date('2030-01-01T12:00:00.000Z');

it('says who is awaited, how many are needed, and until when', () => {
  expect(sentenceOf({ what: 'updates', have: 1, quorum: 3, cohort: 4, sites: ['b', 'c', 'd'], deadlineAt })).toBe(
    'Waits for the update of b, c and d: 1 of 4 delivered, 3 needed, until 2030-01-01 12:00:00 UTC.',
  );
  expect(sentenceOf({ what: 'evaluations', have: 1, asked: 2, sites: ['b'], deadlineAt: null })).toBe(
    'Waits for the evaluation of b: 1 of 2 received.',
  );
  expect(sentenceOf({ what: 'sites', have: 1, quorum: 2, sites: ['b'], deadlineAt })).toBe(
    'Waits for b to connect: 1 present, 2 needed, until 2030-01-01 12:00:00 UTC.',
  );
});

it('says why a round failed and who was missing', () => {
  expect(sentenceOfReason({ code: 'QUORUM_NOT_MET', have: 1, quorum: 3, missing: ['b', 'c'] })).toBe(
    'Too few sites: 1 of 3 needed; missing: b and c.',
  );
});

it('names a dozen of a thousand sites, and counts the others', () => {
  const missing = Array.from({ length: 1000 }, (_, n) => `s${n}`);
  expect(sentenceOfReason({ code: 'QUORUM_NOT_MET', have: 1, quorum: 3, missing })).toBe(
    'Too few sites: 1 of 3 needed; missing: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 and 988 others.',
  );
});
