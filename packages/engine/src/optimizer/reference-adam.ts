import type { AdamStep, Tf } from '../engine.js';

/**
 * One step of AdamW in ordinary operations; right on every back end.
 *
 * Numbers  the weights first shrink by learningRate * weightDecay, then move by the Adam step.
 * Source   Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2; bias correction as in Kingma and Ba 2015.
 */
export function referenceAdamStep(tf: Tf, s: AdamStep): void {
  tf.tidy(() => {
    const gradient = s.gradientFactor === 1 ? s.gradient : tf.mul(s.gradient, s.gradientFactor);
    const first = tf.add(tf.mul(s.firstMoment, s.beta1), tf.mul(gradient, 1 - s.beta1));
    const second = tf.add(tf.mul(s.secondMoment, s.beta2), tf.mul(tf.square(gradient), 1 - s.beta2));
    const scaledFirst = tf.mul(first, s.learningRate / (1 - s.beta1 ** s.step));
    const root = tf.sqrt(tf.div(second, 1 - s.beta2 ** s.step));
    const kept = tf.mul(s.variable, 1 - s.learningRate * s.weightDecay);
    s.variable.assign(tf.sub(kept, tf.div(scaledFirst, tf.add(root, s.epsilon))));
    s.firstMoment.assign(first);
    s.secondMoment.assign(second);
  });
}
