import { expect, it } from 'vitest';
import { applyDelta, areFinite, deltaOf, l2Norm, requireFinite, sumOfSquares } from './arithmetic.js';

it('a delta is local minus global, and applying it leads back', () => {
  const global = Float32Array.of(2, -3, 0.5);
  const local = Float32Array.of(5, -7, 0.25);
  expect(deltaOf(local, global)).toEqual(Float32Array.of(3, -4, -0.25));
  expect(applyDelta(global, deltaOf(local, global))).toEqual(local);
  expect([...global, ...local]).toEqual([2, -3, 0.5, 5, -7, 0.25]);
});

it('refuses arrays of different lengths', () => {
  for (const combine of [deltaOf, applyDelta])
    expect(() => combine(Float32Array.of(1, 2), Float32Array.of(1))).toThrow(
      expect.objectContaining({ code: 'UPDATE_LAYOUT_MISMATCH' }),
    );
});

it('finds the first value that is not finite, counted over the whole payload', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(() => requireFinite(Float32Array.of(1, 2, value, Number.NaN), 100)).toThrow(
      expect.objectContaining({ code: 'UPDATE_NOT_FINITE', detail: { index: 102 } }),
    );
  expect(areFinite(Float32Array.of(1, Number.NaN))).toBe(false);
  expect(() => requireFinite(Float32Array.of(3.4e38, -3.4e38, -0, 1e-45))).not.toThrow();
});

it('takes the norm in float64: no overflow, and small values beside large ones count', () => {
  expect(l2Norm(Float32Array.of(3, -4, 12))).toBe(13);
  expect(l2Norm(Float32Array.of(3e30, 4e30)) / 5e30).toBeCloseTo(1, 6);
  const [large, small] = [4096, 2 ** -10];
  expect(sumOfSquares(Float32Array.of(large, small))).toBe(large * large + small * small);
  expect(l2Norm(Float32Array.of(1, Number.NaN))).toBeNaN();
});

it('the norm folded over chunks is the norm of the whole, to the last bit', () => {
  const values = Float32Array.from({ length: 1000 }, (_, j) => Math.sin(j) / 3);
  const folded = [0, 300, 700].reduce((sum, at, i, cuts) => sumOfSquares(values.subarray(at, cuts[i + 1]), sum), 0);
  expect(Math.sqrt(folded)).toBe(l2Norm(values));
});
