/** Fewer patients or films than this could point at one person. */
export const SMALLEST_SHOWN_CELL = 5;

/**
 * Counts as they may be shown: a cell from 1 to 4 is hidden, and where that leaves a single hidden cell, the next smallest
 * one too, because the total would give it away.
 *
 * Source  Statistics Netherlands, Handbook on Statistical Disclosure Control (2010), section 5.2: primary and secondary
 *         suppression.
 */
export function hideSmallCells(counts: ReadonlyMap<string, number>): Map<string, number | 'hidden'> {
  const ascending = [...counts].filter(([, n]) => n > 0).sort(([, a], [, b]) => a - b);
  const hidden = new Set(ascending.filter(([, n]) => n < SMALLEST_SHOWN_CELL).map(([name]) => name));
  const next = ascending.find(([name]) => !hidden.has(name));
  if (hidden.size === 1 && next) hidden.add(next[0]);
  return new Map([...counts].map(([name, n]) => [name, hidden.has(name) ? 'hidden' : n]));
}
