import type { Engine, Tensor, Tensor4D, Tf } from '@consilium/engine';

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
export function crossEntropyAndDice({ tf }: Engine, logits: Tensor4D, masks: Tensor4D, diceShare: number): Scalar {
  const terms: Scalar[] = [];
  if (diceShare < 1) {
    // max(z, 0) - z y + log(1 + exp(-|z|))
    const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
    const crossEntropy = tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, masks)), tail));
    terms.push(tf.mul(crossEntropy, 1 - diceShare));
  }
  if (diceShare > 0) {
    const scores = tf.sigmoid(logits);
    const perFilm = (t: Tensor): Tensor => tf.sum(t, [1, 2]);
    const overlap = tf.add(tf.mul(perFilm(tf.mul(scores, masks)), 2), 1);
    const total = tf.add(tf.add(perFilm(scores), perFilm(masks)), 1);
    terms.push(tf.mul(tf.sub(1, tf.mean(tf.div(overlap, total))), diceShare));
  }
  return terms.reduce((a, b) => tf.add(a, b) as Scalar);
}

/**
 * Mean over the examples of weight * -log softmax(logits)[class].
 *
 * Shapes   logits [N,C]; weightedClasses [N,C] holds the example's weight at its class, 0 elsewhere.
 * Numbers  divided by N, not by the sum of the weights: with balanced weights their mean over a site's data is 1.
 */
export function weightedCrossEntropy({ tf }: Engine, logits: Tensor, weightedClasses: Tensor): Scalar {
  const examples = logits.shape[0]!;
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), weightedClasses))), examples);
}

/**
 * The weight of each class: 1, or (balanced) examples / (classes * examples of the class), 0 for a class without examples.
 */
export function classWeights(kind: 'none' | 'balanced', counts: readonly number[]): number[] {
  const present = counts.filter((n) => n > 0).length;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((n) => (kind === 'none' ? 1 : n === 0 ? 0 : total / (present * n)));
}
