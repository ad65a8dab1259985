import { ConsiliumError } from '@consilium/errors';
import type { backend_util, Tensor4D } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';

export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Takes the place of TensorFlow.js' gradient of `Conv2D`, which refuses a dilation; on every back end. */
export function registerConvolutionGradient(tf: Tf): void {
  const upstream = tf.getGradient('Conv2D');
  tf.unregisterGradient('Conv2D');
  tf.registerGradient({
    kernelName: 'Conv2D',
    inputsToSave: ['x', 'filter'],
    gradFunc: (dys, saved, attrs) => {
      const attributes = attrs as unknown as ConvolutionAttributes;
      const [dilationH, dilationW] = pair(attributes.dilations ?? 1);
      if (dilationH === 1 && dilationW === 1) return upstream.gradFunc(dys, saved, attrs);
      return dilatedGradient(tf, dys as Tensor4D, saved as [Tensor4D, Tensor4D], attributes);
    },
  });
}

/**
 * Both gradients of a dilated convolution (of stride 1, as TensorFlow.js has no other), from those of the ordinary
 * convolution of its sub-images.
 *
 * Errors   KERNEL_UNSUPPORTED for another layout than NHWC.
 */
function dilatedGradient(tf: Tf, dy: Tensor4D, [x, filter]: [Tensor4D, Tensor4D], attributes: ConvolutionAttributes) {
  if (attributes.dataFormat && attributes.dataFormat !== 'NHWC')
    throw new ConsiliumError('KERNEL_UNSUPPORTED', { operation: 'gradient of a dilated convolution in NCHW' });
  const { blockShape, paddings, crops } = subImages(tf, x.shape, filter.shape, attributes);
  const subImagesOf = (t: Tensor4D, border: Border) => tf.spaceToBatchND(t, blockShape, border);
  const run = (name: string, inputs: Record<string, Tensor4D>, sizes: object) =>
    tf.engine().runKernel(name, inputs, { strides: 1, pad: 'valid', dataFormat: 'NHWC', ...sizes }) as Tensor4D;
  const dyOfSubImages = () => subImagesOf(dy, crops);
  return {
    x: () => {
      const [n, h, w, c] = x.shape;
      const count = n * blockShape[0]! * blockShape[1]!;
      const [[top, bottom], [left, right]] = paddings;
      const inputShape = [count, (h + top + bottom) / blockShape[0]!, (w + left + right) / blockShape[1]!, c];
      const dx = run('Conv2DBackpropInput', { dy: dyOfSubImages(), filter }, { inputShape });
      return tf.batchToSpaceND(dx, blockShape, paddings);
    },
    filter: () =>
      run('Conv2DBackpropFilter', { x: subImagesOf(x, paddings), dy: dyOfSubImages() }, { filterShape: filter.shape }),
  };
}

type Border = [[number, number], [number, number]];

/** How a dilated convolution becomes ordinary 'valid' ones: the borders of its input and of its output. */
export interface SubImages {
  readonly blockShape: [number, number];
  readonly paddings: Border;
  readonly crops: Border;
}

/** The input gets its padding, and so much more that the dilation divides it; as much is cut off the output. */
export function subImages(
  tf: Tf,
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations, dimRoundingMode }: ConvolutionAttributes,
): SubImages {
  type Shape4D = [number, number, number, number];
  const shapes = [xShape as Shape4D, filterShape as Shape4D] as const;
  const info = tf.backend_util.computeConv2DInfo(...shapes, strides, dilations ?? 1, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  const blockShape = [info.dilationHeight, info.dilationWidth] as [number, number];
  const below = missing(info.inHeight + top + bottom, info.dilationHeight);
  const beside = missing(info.inWidth + left + right, info.dilationWidth);
  return {
    blockShape,
    paddings: [
      [top, bottom + below],
      [left, right + beside],
    ],
    crops: [
      [0, below],
      [0, beside],
    ],
  };
}

function missing(length: number, divisor: number): number {
  return (divisor - (length % divisor)) % divisor;
}

function pair(value: number | [number, number]): [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}
