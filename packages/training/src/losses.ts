import type { Engine, Tensor, Tensor2D, Tensor4D, Tf } from '@consilium/engine';

/** A tensor of one number. */
export type Scalar = ReturnType<Tf['scalar']>;

/**
 * (1 - diceShare) * binary cross-entropy + diceShare * soft Dice loss.
 *
 * Shapes   logits and masks [N,H,W,S]; the result is a scalar.
 * Numbers  cross-entropy is the mean over pixels, from logits, without overflow; the Dice loss is
 *          1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1) of each film and structure, then the mean, so that small
 *          structures count as much as large ones and an empty film has a gradient.
 * Source   Milletari et al. 2016, arXiv:1606.04797, with plain sums in the denominator.
 */
export function crossEntropyAndDice(engine: Engine, logits: Tensor4D, masks: Tensor4D, diceShare: number): Scalar {
  const { tf } = engine;
  const { crossEntropy, dice } = engine.crossEntropyAndDice(logits, masks);
  const ofPixels = tf.mul(tf.sum(crossEntropy), (1 - diceShare) / logits.size);
  return tf.add(ofPixels, tf.mul(tf.mean(dice), diceShare));
}

/**
 * Mean over the examples of weight * -log softmax(logits)[class].
 *
 * Shapes   logits [N,C]; weightedClasses [N,C] holds the example's weight at its class, 0 elsewhere.
 * Numbers  divided by N, not by the sum of the weights: with balanced weights their mean over a site's data is 1.
 */
export function weightedCrossEntropy(engine: Engine, logits: Tensor, weightedClasses: Tensor): Scalar {
  return engine.tf.mean(engine.softmaxCrossEntropy(logits as Tensor2D, weightedClasses as Tensor2D));
}

/**
 * The weight of each class: 1, or (balanced) examples / (classes * examples of the class), 0 for a class without examples.
 */
export function classWeights(kind: 'none' | 'balanced', counts: readonly number[]): number[] {
  const present = counts.filter((n) => n > 0).length;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((n) => (kind === 'none' ? 1 : n === 0 ? 0 : total / (present * n)));
}
