import { add, get, multiplyAdd, put, scaled, sub } from './simd';

/**
 * One step of AdamW on `bytes` of weights, in place; items are blocks of 4 KiB. rates:
 * {learningRate / (1 - beta1^t), beta1, 1 - beta1, beta2, 1 - beta2, 1 / (1 - beta2^t), epsilon,
 *  1 - learningRate * weightDecay, factor on the gradient}
 */
export function adam(
  weights: usize, gradient: usize, firstMoment: usize, secondMoment: usize, rates: usize, bytes: usize, first: i32,
  end: i32, worker: i32,
): void {
  const rate = load<f32>(rates), beta1 = load<f32>(rates, 4), rest1 = load<f32>(rates, 8);
  const beta2 = load<f32>(rates, 12), rest2 = load<f32>(rates, 16), correction = load<f32>(rates, 20);
  const epsilon = load<f32>(rates, 24), kept = load<f32>(rates, 28);
  const factor = load<f32>(rates, 32);
  let i = (<usize>first) << 12;
  const last = min((<usize>end) << 12, bytes);
  for (; i + 16 <= last; i += 16) {
    const g = scaled(get(gradient + i), factor);
    const m = multiplyAdd(f32x4.mul(get(firstMoment + i), f32x4.splat(beta1)), g, f32x4.splat(rest1));
    const square = f32x4.mul(g, g);
    const v = multiplyAdd(f32x4.mul(get(secondMoment + i), f32x4.splat(beta2)), square, f32x4.splat(rest2));
    const root = f32x4.sqrt(f32x4.mul(v, f32x4.splat(correction)));
    const move = f32x4.div(f32x4.mul(m, f32x4.splat(rate)), add(root, f32x4.splat(epsilon)));
    put(firstMoment + i, m);
    put(secondMoment + i, v);
    put(weights + i, sub(f32x4.mul(get(weights + i), f32x4.splat(kept)), move));
  }
  for (; i < last; i += 4) {
    const g = load<f32>(gradient + i) * factor;
    const m = load<f32>(firstMoment + i) * beta1 + g * rest1;
    const v = load<f32>(secondMoment + i) * beta2 + g * g * rest2;
    store<f32>(firstMoment + i, m);
    store<f32>(secondMoment + i, v);
    const move = (m * rate) / (sqrt<f32>(v * correction) + epsilon);
    store<f32>(weights + i, load<f32>(weights + i) * kept - move);
  }
}
