import { expect, it } from 'vitest';
import { hideSmallCells } from './small-cells.js';

const hide = (counts: Record<string, number>) => Object.fromEntries(hideSmallCells(new Map(Object.entries(counts))));

it('hides one to four, shows zero and five', () => {
  expect(hide({ a: 0, b: 1, c: 4, d: 5, e: 60 })).toEqual({ a: 0, b: 'hidden', c: 'hidden', d: 5, e: 60 });
});

it('hides the next smallest too when the total would give a single hidden cell away', () => {
  expect(hide({ F: 3, M: 40, O: 9 })).toEqual({ F: 'hidden', M: 40, O: 'hidden' });
  expect(hide({ F: 3, M: 0 })).toEqual({ F: 'hidden', M: 0 });
});
