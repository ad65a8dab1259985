import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NormalisationOptions } from '../engine.js';
import { groupBackward, groupForward } from './group-normalise.js';
import type { Operations } from './operations.js';

/** A kernel of its own: its gradient wants back what TensorFlow keeps of the forward pass. */
export const TENSORFLOW_NORMALISE = 'ConsiliumTensorflowNormalise';
type Attributes = NormalisationOptions;

/** Registers forward and gradient, on TensorFlow's fused kernels where it has them: those of batch normalisation. */
export function registerTensorflowNormalise(operations: Operations): void {
  const { tf } = operations;
  if (tf.getKernel(TENSORFLOW_NORMALISE, 'tensorflow')) tf.unregisterKernel(TENSORFLOW_NORMALISE, 'tensorflow');
  tf.registerKernel({
    kernelName: TENSORFLOW_NORMALISE,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, scale, shift } = inputs as unknown as { x: Tensor4D; scale: Tensor1D; shift: Tensor1D };
      const options = attrs as unknown as Attributes;
      return options.kind === 'batch'
        ? batchForward(operations, x, scale, shift, options)
        : groupForward(operations, x, scale, shift, options);
    },
  });
  if (tf.getGradient(TENSORFLOW_NORMALISE)) tf.unregisterGradient(TENSORFLOW_NORMALISE);
  tf.registerGradient({
    kernelName: TENSORFLOW_NORMALISE,
    inputsToSave: ['x', 'scale', 'shift'],
    outputsToSave: [true, true, true, true, true, true],
    gradFunc: (dys, saved, attrs) => {
      const dy = (dys as Tensor[])[0] as Tensor4D;
      const [x, scale, , ...outputs] = saved as [Tensor4D, Tensor1D, Tensor1D, ...Tensor[]];
      const options = attrs as unknown as Attributes;
      // y is zero exactly where the ReLU cut.
      const d = options.relu ? reluGradient(operations, dy, outputs[0]!) : dy;
      const backward = options.kind === 'batch' ? batchBackward : groupBackward;
      const [dx, dScale, dShift] = backward(operations, d, x, scale, outputs, options);
      return { x: () => dx!, scale: () => dScale!, shift: () => dShift! };
    },
  });
}

/** y, mean, 1 / std dev, and what the gradient kernel wants back: three reserve spaces. */
function batchForward(operations: Operations, x: Tensor4D, scale: Tensor1D, shift: Tensor1D, options: Attributes) {
  const { tf } = operations;
  const channels = x.shape[3];
  const count = x.size / channels;
  const empty = tf.tensor1d([], 'float32');
  const [normalised, mean, variance, ...reserves] = operations.call(
    'FusedBatchNormV3',
    attributesOf(operations, options),
    [x, scale, shift, empty, empty],
    6,
  ) as [Tensor, Tensor, Tensor, ...Tensor[]];
  empty.dispose();
  const y = options.relu ? operations.call('Relu', [operations.type()], [normalised])[0]! : normalised;
  if (options.relu) normalised.dispose();
  // TensorFlow hands out the unbiased variance.
  const reciprocal = tf.tidy(() =>
    tf.reshape(tf.rsqrt(tf.add(tf.mul(variance, (count - 1) / count), options.epsilon)), [1, channels]),
  );
  variance.dispose();
  const meanRow = tf.reshape(mean, [1, channels]);
  mean.dispose();
  return [y, meanRow, reciprocal, ...reserves];
}

function batchBackward(
  operations: Operations,
  d: Tensor4D,
  x: Tensor4D,
  scale: Tensor1D,
  outputs: readonly Tensor[],
  options: Attributes,
): Tensor[] {
  const inputs = [d, x, scale, ...outputs.slice(3)];
  return operations.call('FusedBatchNormGradV3', attributesOf(operations, options), inputs, 5).slice(0, 3);
}

export function reluGradient(operations: Operations, dy: Tensor4D, y: Tensor): Tensor4D {
  return operations.call('ReluGrad', [operations.type()], [dy, y])[0] as Tensor4D;
}

function attributesOf(operations: Operations, options: Attributes) {
  return [
    operations.type('T'),
    operations.type('U'),
    operations.float('epsilon', options.epsilon),
    operations.text('data_format', 'NHWC'),
    operations.boolean('is_training', true),
  ];
}
