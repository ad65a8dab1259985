import type { Engine, NormalisationOptions, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@consilium/engine';
import type { Layer, Normalisation } from './layer.js';
import type { ForwardMode } from './model.js';

/** Larger than the customary 1e-5: where a group is one channel, a dark and flat one would be blown up to noise. */
const EPSILON = 1e-3;
/** Share of the old value when a running statistic takes in a batch. */
const MOMENTUM = 0.9;

/** One forward pass: where the layers find their parameters and leave new running statistics. */
export interface Pass {
  readonly engine: Engine;
  readonly mode: ForwardMode;
  parameter(name: string): Tensor;
  setStatistic(name: string, value: Tensor): void;
}

/** Sends `x` through the layers, one after the other. */
export function runLayers(pass: Pass, layers: readonly Layer[], x: Tensor): Tensor {
  return layers.reduce((y, layer) => runLayer(pass, layer, y), x);
}

function runLayer(pass: Pass, layer: Layer, x: Tensor): Tensor {
  const { tf } = pass.engine;
  switch (layer.kind) {
    case 'convolution': {
      const y = tf.conv2d(x as Tensor4D, pass.parameter(`${layer.name}.filter`) as Tensor4D, layer.stride, 'same');
      return layer.hasBias ? tf.add(y, pass.parameter(`${layer.name}.bias`)) : y;
    }
    case 'up-convolution': {
      const [n, h, w] = (x as Tensor4D).shape;
      const filter = pass.parameter(`${layer.name}.filter`) as Tensor4D;
      const y = tf.conv2dTranspose(x as Tensor4D, filter, [n, 2 * h, 2 * w, layer.outputs], 2, 'same');
      return tf.add(y, pass.parameter(`${layer.name}.bias`));
    }
    case 'normalisation':
      return normalise(pass, layer, x as Tensor4D);
    case 'max-pool':
      return tf.maxPool(x as Tensor4D, layer.size, layer.stride, 'same');
    case 'global-average-pool':
      return tf.mean(x, [1, 2]);
    case 'dense': {
      const y = tf.matMul(x as Tensor2D, pass.parameter(`${layer.name}.filter`) as Tensor2D);
      return tf.add(y, pass.parameter(`${layer.name}.bias`));
    }
    case 'skip-connection':
      return tf.concat([runLayers(pass, layer.inner, x), x], 3);
    case 'residual-block':
      return tf.relu(tf.add(runLayers(pass, layer.body, x), runLayers(pass, layer.shortcut, x)));
  }
}

function normalise(pass: Pass, layer: Normalisation, x: Tensor4D): Tensor4D {
  const scale = pass.parameter(`${layer.name}.scale`) as Tensor1D;
  const shift = pass.parameter(`${layer.name}.shift`) as Tensor1D;
  const options: NormalisationOptions = {
    kind: layer.over,
    groups: layer.groups,
    epsilon: EPSILON,
    relu: layer.relu,
  };
  if (layer.over === 'group') return pass.engine.normalise(x, scale, shift, options).y;
  if (pass.mode === 'infer') return normaliseWithRunningStatistics(pass, layer, x, scale, shift);

  const normalised = pass.engine.normalise(x, scale, shift, options);
  const [meanName, varianceName] = [`${layer.name}.running-mean`, `${layer.name}.running-variance`];
  const running = {
    mean: pass.parameter(meanName) as Tensor1D,
    variance: pass.parameter(varianceName) as Tensor1D,
  };
  const next = pass.engine.runningStatistics(running, normalised, EPSILON, MOMENTUM);
  pass.setStatistic(meanName, next.mean);
  pass.setStatistic(varianceName, next.variance);
  return normalised.y;
}

function normaliseWithRunningStatistics(
  pass: Pass,
  layer: Normalisation,
  x: Tensor4D,
  scale: Tensor1D,
  shift: Tensor1D,
): Tensor4D {
  const { tf } = pass.engine;
  const variance = pass.parameter(`${layer.name}.running-variance`);
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, EPSILON)));
  const offset = tf.sub(shift, tf.mul(pass.parameter(`${layer.name}.running-mean`), factor));
  const y = tf.add(tf.mul(x, factor), offset) as Tensor4D;
  return layer.relu ? tf.relu(y) : y;
}
