import { expect, it } from 'vitest';
import { deriveSeed, randomFrom } from './index.js';

const hex = (seed: Uint8Array): string => Buffer.from(seed).toString('hex');

it('a seed of 32 bytes that every argument changes, and nothing else', () => {
  const seed = hex(deriveSeed(3, 1, 'ab', 'train'));
  expect(seed).toHaveLength(64);
  expect(hex(deriveSeed(3, 1, 'ab', 'train'))).toBe(seed);
  const others = [
    deriveSeed(4, 1, 'ab', 'train'),
    deriveSeed(3, 2, 'ab', 'train'),
    deriveSeed(3, 1, 'a', 'btrain'),
    deriveSeed(3, 1, 'ab', 'initialise'),
  ].map(hex);
  expect(new Set([seed, ...others]).size).toBe(5);
});

it('a seed keeps its value between releases', () => {
  expect(hex(deriveSeed(1, 0, '', 'initialise'))).toBe(
    '8385abc9278472745bd2d325ebf8e07d6b1b58a3c842ad380eec8e5c6780e0e2',
  );
});

it('random numbers fill their range evenly', () => {
  const random = randomFrom(deriveSeed(1, 1, 'a', 'test'));
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < 50_000; i++) counts[random.integer(-2, 2) + 2]!++;
  // Standard deviation of a count: sqrt(50000 * .2 * .8) = 89.
  for (const n of counts) expect(Math.abs(n - 10_000)).toBeLessThan(4 * 89);
  const uniforms = Array.from({ length: 10_000 }, () => random.uniform());
  expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...uniforms)).toBeLessThan(1);
  expect(uniforms.reduce((a, b) => a + b) / 10_000).toBeCloseTo(0.5, 1);
});
