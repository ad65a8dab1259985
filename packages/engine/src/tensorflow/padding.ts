import type { NamedTensorInfoMap, Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import { type KernelArguments, replaceKernel } from '../replace-kernel.js';

type Shape4D = [number, number, number, number];
type Pairs = [[number, number], [number, number], [number, number], [number, number]];

/** The border around an NHWC input, and the shape of the output. */
interface Border {
  readonly pairs: Pairs;
  readonly outShape: Shape4D;
}

/** The attributes of convolutions, poolings and their gradients that matter here. */
interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid' | number | [number, number][];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterSize?: number | [number, number];
  readonly inputShape?: Shape4D;
  readonly filterShape?: Shape4D;
}

/**
 * Padding by numbers, which upstream hands to few of TensorFlow's kernels and in some of its forms only: the input is
 * padded first, and the gradient of the input is cut. What says `same` or `valid` goes on as it is.
 */
export function registerPadding(tf: Tf): void {
  replaceKernel(tf, 'tensorflow', 'Conv2D', (args, upstream) => {
    const { x, filter } = args.inputs as { x: Tensor4D; filter: Tensor4D };
    const border = borderOf(tf, args, x.shape, filter.shape);
    if (!border) return upstream(args);
    return trimmed(tf, onPadded(tf, args, { x: tf.pad(x, border.pairs), filter }, upstream), border);
  });
  replaceKernel(tf, 'tensorflow', 'DepthwiseConv2dNative', (args, upstream) => {
    const { x, filter } = args.inputs as { x: Tensor4D; filter: Tensor4D };
    const border = borderOf(tf, args, x.shape, filter.shape, true);
    const undilated = (next: KernelArguments) => withoutDilation(tf, next, upstream);
    if (!border) return undilated(args);
    return trimmed(tf, onPadded(tf, args, { x: tf.pad(x, border.pairs), filter }, undilated), border);
  });
  for (const [name, isDepthwise] of [
    ['Conv2DBackpropFilter', false],
    ['DepthwiseConv2dNativeBackpropFilter', true],
  ] as const)
    replaceKernel(tf, 'tensorflow', name, (args, upstream) => {
      const { x, dy } = args.inputs as { x: Tensor4D; dy: Tensor4D };
      const border = borderOf(tf, args, x.shape, attributesOf(args).filterShape!, isDepthwise);
      return border ? onPadded(tf, args, { x: tf.pad(x, border.pairs), dy }, upstream) : upstream(args);
    });
  for (const [name, isDepthwise] of [
    ['Conv2DBackpropInput', false],
    ['DepthwiseConv2dNativeBackpropInput', true],
  ] as const)
    replaceKernel(tf, 'tensorflow', name, (args, upstream) => {
      const inputShape = attributesOf(args).inputShape!;
      const border = borderOf(tf, args, inputShape, (args.inputs.filter as Tensor4D).shape, isDepthwise);
      if (!border) return upstream(args);
      const attrs = { ...args.attrs, pad: 'valid', inputShape: paddedShape(inputShape, border) };
      return cut(tf, upstream({ ...args, attrs }), border, inputShape);
    });
  registerPooling(tf);
}

/** Beyond the edge there is nothing, not zero: the least of all numbers is never a maximum. */
function registerPooling(tf: Tf): void {
  const padded = (x: Tensor4D, border: Border) => tf.pad(x, border.pairs, Number.NEGATIVE_INFINITY);
  replaceKernel(tf, 'tensorflow', 'MaxPool', (args, upstream) => {
    const { x } = args.inputs as { x: Tensor4D };
    const border = borderOf(tf, args, x.shape);
    if (!border) return upstream(args);
    return trimmed(tf, onPadded(tf, args, { x: padded(x, border) }, upstream), border);
  });
  replaceKernel(tf, 'tensorflow', 'MaxPoolGrad', (args, upstream) => {
    const { dy, input, output } = args.inputs as { dy: Tensor4D; input: Tensor4D; output: Tensor4D };
    const border = borderOf(tf, args, input.shape);
    if (!border) return upstream(args);
    return cut(tf, onPadded(tf, args, { dy, input: padded(input, border), output }, upstream), border, input.shape);
  });
}

/** TensorFlow's depthwise kernels know no dilation: the filter gets zeros between its taps instead. */
function withoutDilation(tf: Tf, args: KernelArguments, upstream: (args: KernelArguments) => TensorInfo): TensorInfo {
  const { dilations = 1 } = attributesOf(args);
  const [down, across] = typeof dilations === 'number' ? [dilations, dilations] : dilations;
  if (down === 1 && across === 1) return upstream(args);
  const filter = tf.tidy(() => spread(tf, args.inputs.filter as Tensor4D, down, across));
  const result = upstream({ ...args, inputs: { ...args.inputs, filter }, attrs: { ...args.attrs, dilations: 1 } });
  filter.dispose();
  return result;
}

/** [kh, kw, c, m] with `down - 1` rows and `across - 1` columns of zeros between its taps. */
function spread(tf: Tf, filter: Tensor4D, down: number, across: number): Tensor4D {
  const [rows, columns, channels, times] = filter.shape;
  const lines = tf.pad(tf.reshape(filter, [rows, 1, columns * channels * times]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
  ]);
  const taps = tf.pad(tf.reshape(lines, [rows * down * columns, 1, channels * times]), [
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const wide = tf.reshape(taps, [rows * down, columns * across, channels, times]) as Tensor4D;
  return tf.slice(wide, [0, 0, 0, 0], [(rows - 1) * down + 1, (columns - 1) * across + 1, channels, times]);
}

const attributesOf = ({ attrs }: KernelArguments) => attrs as unknown as Attributes;

/** Undefined where upstream knows the padding. */
function borderOf(
  tf: Tf,
  args: KernelArguments,
  inputShape: Shape4D,
  filterShape?: Shape4D,
  isDepthwise = false,
): Border | undefined {
  const { strides, pad, dilations, dimRoundingMode, dataFormat, filterSize } = attributesOf(args);
  if (typeof pad === 'string' || dataFormat === 'NCHW') return undefined;
  const { backend_util } = tf;
  const explicit = pad as number;
  const { padInfo, outShape } = filterShape
    ? backend_util.computeConv2DInfo(
        inputShape,
        filterShape,
        strides,
        dilations ?? 1,
        explicit,
        dimRoundingMode,
        isDepthwise,
      )
    : backend_util.computePool2DInfo(inputShape, filterSize!, strides, 1, explicit, dimRoundingMode);
  const { top, bottom, left, right } = padInfo;
  const pairs: Pairs = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return { pairs, outShape };
}

/** Upstream's kernel on inputs of which some were made for it: those it gets without padding, and they go. */
function onPadded(
  tf: Tf,
  args: KernelArguments,
  inputs: Readonly<Record<string, Tensor>>,
  upstream: (args: KernelArguments) => TensorInfo,
): TensorInfo {
  const result = upstream({ ...args, inputs: inputs as NamedTensorInfoMap, attrs: { ...args.attrs, pad: 'valid' } });
  const given = Object.values(args.inputs);
  tf.dispose(Object.values(inputs).filter((input) => !given.includes(input)));
  return result;
}

/** TensorFlow.js reckons both sides of an output with the height of the window, and may ask for less than there is. */
function trimmed(tf: Tf, y: TensorInfo, { outShape }: Border): TensorInfo {
  if (tf.util.arraysEqual(y.shape, outShape)) return y;
  const whole = y as Tensor4D;
  const part = tf.slice(whole, [0, 0, 0, 0], outShape);
  whole.dispose();
  return part;
}

function cut(tf: Tf, dx: TensorInfo, border: Border, shape: Shape4D): TensorInfo {
  const padded = dx as Tensor4D;
  const inner = tf.slice(padded, border.pairs.map(([before]) => before) as Shape4D, shape);
  padded.dispose();
  return inner;
}

function paddedShape(shape: Shape4D, border: Border): Shape4D {
  return shape.map((length, axis) => length + border.pairs[axis]![0] + border.pairs[axis]![1]) as Shape4D;
}
