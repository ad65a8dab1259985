import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { NormalisationOptions, Tf } from '../engine.js';
import { NORMALISE, NORMALISE_GRADIENT } from './normalise.js';
import { normalisationLayout } from './statistics.js';

type Inputs = Record<'dy' | 'x' | 'scale' | 'shift' | 'mean' | 'reciprocalStdDev', Tensor>;

/**
 * The normalisation in ordinary operations, for back ends without kernels of their own.
 *
 * Numbers  two passes: the variance is the mean of squared distances from the mean, never a difference of squares.
 */
export function registerReferenceNormalise(tf: Tf, backendName: string): void {
  if (tf.getKernel(NORMALISE, backendName)) return;
  const register = (kernelName: string, run: (inputs: Inputs, options: NormalisationOptions) => Tensor[]) =>
    tf.registerKernel({
      kernelName,
      backendName,
      // Tensors instead of their descriptions: TensorFlow.js takes both, and a tidy frees what lies between.
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => run(inputs as Inputs, attrs as unknown as NormalisationOptions)),
    });
  register(NORMALISE, (inputs, options) => forward(tf, inputs, options));
  register(NORMALISE_GRADIENT, (inputs, options) => backward(tf, inputs, options));
}

function forward(tf: Tf, { x, scale, shift }: Inputs, options: NormalisationOptions): Tensor[] {
  const { average, perRow } = setsOf(tf, x, options);
  const mean = average(x);
  const centred = tf.sub(x, perRow(mean));
  const reciprocalStdDev = tf.rsqrt(tf.add(average(tf.square(centred)), options.epsilon));
  const y = tf.add(tf.mul(tf.mul(centred, perRow(reciprocalStdDev)), scale), shift);
  return [options.relu ? tf.relu(y) : y, mean, reciprocalStdDev];
}

/** With unit = (x - mean) / stdDev and g = dy * scale: dx = (g - average(g) - unit * average(g * unit)) / stdDev. */
function backward(tf: Tf, inputs: Inputs, options: NormalisationOptions): Tensor[] {
  const { x, scale, shift, mean, reciprocalStdDev } = inputs;
  const { average, perRow } = setsOf(tf, x, options);
  const unit = tf.mul(tf.sub(x, perRow(mean)), perRow(reciprocalStdDev));
  const isOpen = options.relu ? tf.greater(tf.add(tf.mul(unit, scale), shift), 0) : undefined;
  const dy = isOpen ? tf.mul(inputs.dy, tf.cast(isOpen, 'float32')) : inputs.dy;
  const g = tf.mul(dy, scale);
  const along = tf.mul(unit, perRow(average(tf.mul(g, unit))));
  const dx = tf.mul(tf.sub(tf.sub(g, perRow(average(g))), along), perRow(reciprocalStdDev));
  return [dx, tf.sum(tf.mul(dy, unit), [0, 1, 2]), tf.sum(dy, [0, 1, 2])];
}

/** The sets that share a mean: averages of a tensor like x as [rows, channels], and such rows as a factor for x. */
function setsOf(tf: Tf, x: Tensor, options: NormalisationOptions) {
  const { images, pixels, channels, rows, channelsPerSet } = normalisationLayout((x as Tensor4D).shape, options);
  const sets = channels / channelsPerSet;
  const average = (t: Tensor): Tensor => {
    const split = tf.reshape(t, [rows, (images / rows) * pixels, sets, channelsPerSet]);
    // First over space, in the order of the memory; then over the few channels of a set.
    const means = tf.mean(tf.mean(split, 1), 2, true);
    return tf.reshape(tf.tile(means, [1, 1, channelsPerSet]), [rows, channels]);
  };
  const perRow = (t: Tensor): Tensor => tf.reshape(t, [rows, 1, 1, channels]);
  return { average, perRow };
}
