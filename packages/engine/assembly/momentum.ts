import { get, multiplyAdd, put, scaled, sub } from './simd';

/**
 * One step of gradient descent with momentum on `bytes` of weights, in place; items are blocks of 4 KiB. Without a
 * velocity (address 0) it is plain gradient descent. rates: {learningRate, momentum, factor on the gradient}
 */
export function momentum(
  weights: usize, gradient: usize, velocity: usize, rates: usize, bytes: usize, first: i32, end: i32, worker: i32,
): void {
  const rate = load<f32>(rates), share = load<f32>(rates, 4), factor = load<f32>(rates, 8);
  let i = (<usize>first) << 12;
  const last = min((<usize>end) << 12, bytes);
  for (; i + 16 <= last; i += 16) {
    let v = scaled(get(gradient + i), factor);
    if (velocity) {
      v = multiplyAdd(v, get(velocity + i), f32x4.splat(share));
      put(velocity + i, v);
    }
    put(weights + i, sub(get(weights + i), scaled(v, rate)));
  }
  for (; i < last; i += 4) {
    let v = load<f32>(gradient + i) * factor;
    if (velocity) {
      v += load<f32>(velocity + i) * share;
      store<f32>(velocity + i, v);
    }
    store<f32>(weights + i, load<f32>(weights + i) - v * rate);
  }
}
