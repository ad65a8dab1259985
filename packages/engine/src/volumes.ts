import type { Engine, ImageEngine, ImagesOrVolumes, Normalised, Tensor4D, Tf } from './engine.js';

type AfterX<F> = F extends (x: never, ...rest: infer Rest) => unknown ? Rest : never;

/**
 * The same engine, whose normalisation and losses take volumes too: they do not look at neighbours, so that a volume
 * [N,D,H,W,C] is to them an image [N,D*H,W,C].
 */
export function withVolumes(engine: ImageEngine): Omit<Engine, 'passedOver'> {
  const { tf } = engine;
  return {
    ...engine,
    normalise: <X extends ImagesOrVolumes>(x: X, ...rest: AfterX<ImageEngine['normalise']>): Normalised<X> => {
      if (x.rank !== 5) return engine.normalise(x as Tensor4D, ...rest) as Normalised<X>;
      return tf.tidy(() => {
        const { y, ...statistics } = engine.normalise(asImages(tf, x), ...rest);
        return { y: tf.reshape(y, x.shape), ...statistics };
      }) as Normalised<X>;
    },
    crossEntropyAndDice: (logits, masks) => {
      // Unequal shapes go on as they are: to be refused.
      if (logits.rank !== 5 || !tf.util.arraysEqual(logits.shape, masks.shape))
        return engine.crossEntropyAndDice(logits as Tensor4D, masks as Tensor4D);
      return tf.tidy(() => ({ ...engine.crossEntropyAndDice(asImages(tf, logits), asImages(tf, masks)) }));
    },
  };
}

function asImages(tf: Tf, x: ImagesOrVolumes): Tensor4D {
  const [n, d, h, w, c] = x.shape as [number, number, number, number, number];
  return tf.reshape(x, [n, d * h, w, c]);
}
