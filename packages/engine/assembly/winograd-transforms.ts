// Winograd F(4x4, 3x3): 36 products give 16 outputs. Points 0, 1, -1, 2, -2 and infinity.
// Source: Lavin and Gray 2015, arXiv:1509.09308. Each function is one dimension of a transform, of four channels:
// it reads at `from` in steps of `step` bytes and writes at `to` in steps of `toStep`.
import { add, addScaled, get, put, scaled, sub } from './simd';

/** Outputs of a tile along one dimension. */
export const OUT: usize = 4;
/** Inputs, and products, of a tile along one dimension. */
export const IN: usize = 6;
/** Products of a tile. */
export const PRODUCTS: usize = 36;

/** Input, 6 -> 6: B^T d. */
@inline
export function transformInput(from: usize, step: usize, to: usize, toStep: usize): void {
  const d0 = get(from);
  const d1 = get(from + step);
  const d2 = get(from + 2 * step);
  const d3 = get(from + 3 * step);
  const d4 = get(from + 4 * step);
  const d5 = get(from + 5 * step);
  const even = addScaled(d4, d2, -4);
  const odd = addScaled(d3, d1, -4);
  const even2 = sub(d4, d2);
  const odd2 = sub(d3, d1);
  put(to, addScaled(addScaled(d4, d2, -5), d0, 4));
  put(to + toStep, add(even, odd));
  put(to + 2 * toStep, sub(even, odd));
  put(to + 3 * toStep, addScaled(even2, odd2, 2));
  put(to + 4 * toStep, addScaled(even2, odd2, -2));
  put(to + 5 * toStep, addScaled(addScaled(d5, d3, -5), d1, 4));
}

/** Output, 6 -> 4: A^T m. */
@inline
export function transformOutput(from: usize, step: usize, to: usize, toStep: usize): void {
  const m0 = get(from);
  const m1 = get(from + step);
  const m2 = get(from + 2 * step);
  const m3 = get(from + 3 * step);
  const m4 = get(from + 4 * step);
  const m5 = get(from + 5 * step);
  const sum1 = add(m1, m2);
  const difference1 = sub(m1, m2);
  const sum2 = add(m3, m4);
  const difference2 = sub(m3, m4);
  put(to, add(add(m0, sum1), sum2));
  put(to + toStep, addScaled(difference1, difference2, 2));
  put(to + 2 * toStep, addScaled(sum1, sum2, 4));
  put(to + 3 * toStep, addScaled(add(difference1, m5), difference2, 8));
}

/** Gradient of the output, 4 -> 6: A y, the adjoint of `transformOutput`. */
@inline
export function transformOutputGradient(from: usize, step: usize, to: usize, toStep: usize): void {
  const y0 = get(from);
  const y1 = get(from + step);
  const y2 = get(from + 2 * step);
  const y3 = get(from + 3 * step);
  const even = add(y0, y2);
  const odd = add(y1, y3);
  const even2 = addScaled(y0, y2, 4);
  const odd2 = addScaled(y1, y3, 4);
  put(to, y0);
  put(to + toStep, add(even, odd));
  put(to + 2 * toStep, sub(even, odd));
  put(to + 3 * toStep, addScaled(even2, odd2, 2));
  put(to + 4 * toStep, addScaled(even2, odd2, -2));
  put(to + 5 * toStep, y3);
}

/** Filter, 3 -> 6: G g. */
@inline
export function transformFilterTaps(from: usize, step: usize, to: usize, toStep: usize): void {
  const g0 = get(from);
  const g1 = get(from + step);
  const g2 = get(from + 2 * step);
  const outer = add(g0, g2);
  const outer2 = addScaled(scaled(g0, 1.0 / 24), g2, 1.0 / 6);
  put(to, scaled(g0, 0.25));
  put(to + toStep, scaled(add(outer, g1), -1.0 / 6));
  put(to + 2 * toStep, scaled(sub(outer, g1), -1.0 / 6));
  put(to + 3 * toStep, addScaled(outer2, g1, 1.0 / 12));
  put(to + 4 * toStep, addScaled(outer2, g1, -1.0 / 12));
  put(to + 5 * toStep, g2);
}

/** Gradient of the filter, 6 -> 3: G^T u, the adjoint of `transformFilterTaps`. */
@inline
export function transformFilterGradient(from: usize, step: usize, to: usize, toStep: usize): void {
  const u0 = get(from);
  const u1 = get(from + step);
  const u2 = get(from + 2 * step);
  const u3 = get(from + 3 * step);
  const u4 = get(from + 4 * step);
  const u5 = get(from + 5 * step);
  const sum1 = add(u1, u2);
  const sum2 = add(u3, u4);
  put(to, addScaled(addScaled(scaled(u0, 0.25), sum1, -1.0 / 6), sum2, 1.0 / 24));
  put(to + toStep, addScaled(scaled(sub(u2, u1), 1.0 / 6), sub(u3, u4), 1.0 / 12));
  put(to + 2 * toStep, addScaled(u5, sub(sum2, sum1), 1.0 / 6));
}
