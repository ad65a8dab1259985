import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Engine, MomentumStep, Tf } from '../engine.js';
import { referenceAdamStep } from './reference-adam.js';

/** The optimizers' part of an engine in ordinary operations, for back ends without kernels of their own. */
export function referenceOptimizer(tf: Tf): Pick<Engine, 'adamStep' | 'momentumStep' | 'gradientNorm'> {
  return {
    adamStep: (step) => referenceAdamStep(tf, step),
    momentumStep: (step) => referenceMomentumStep(tf, step),
    gradientNorm: (gradients) => referenceGradientNorm(tf, gradients),
  };
}

function referenceMomentumStep(tf: Tf, s: MomentumStep): void {
  tf.tidy(() => {
    const gradient = s.gradientFactor === 1 ? s.gradient : tf.mul(s.gradient, s.gradientFactor);
    const velocity = s.velocity ? tf.add(gradient, tf.mul(s.velocity, s.momentum)) : gradient;
    s.velocity?.assign(velocity);
    s.variable.assign(tf.sub(s.variable, tf.mul(velocity, s.learningRate)));
  });
}

function referenceGradientNorm(tf: Tf, gradients: readonly Tensor[]): Scalar {
  return tf.tidy(() => tf.sqrt(tf.sum(tf.stack(gradients.map((g) => tf.sum(tf.square(g)))))));
}
