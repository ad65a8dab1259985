import { expect, it } from 'vitest';
import { figure, isUnresolved, ofSitesText } from './index.js';

it('a figure is marked where its bound is too wide to tell', () => {
  expect([figure(0.8391, 0.005), figure(0.512, 0.0312), figure(0.8), figure(0.8, null), figure(null, 0.1)]).toEqual([
    '0.839 ±0.005',
    '0.512 ±0.031?',
    '0.800',
    '0.800',
    '–',
  ]);
  expect([0.005, 0.0051, null].map(isUnresolved)).toEqual([false, true, false]);
});

it('one film is one film', () => {
  expect([ofSitesText(2, 3, 122), ofSitesText(1, 1, 1)]).toEqual(['2 of 3 sites, 122 films', '1 of 1 site, 1 film']);
});
