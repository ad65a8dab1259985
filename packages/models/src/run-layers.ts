import {
  checkpoint,
  type Engine,
  type NormalisationOptions,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@consilium/engine';
import type { Layer, Normalisation } from './layer.js';
import { addBias, addEqual, concatChannels } from './linear-operations.js';
import type { ForwardMode } from './model.js';
import { parametersOf } from './parameters.js';
import { segmentsOf } from './segments.js';

/** Larger than the customary 1e-5: where a group is one channel, a dark and flat one would be blown up to noise. */
const EPSILON = 1e-3;
/** Share of the old value when a running statistic takes in a batch. */
const MOMENTUM = 0.9;

/** One forward pass: where the layers find their parameters and leave new running statistics. */
export interface Pass {
  readonly engine: Engine;
  readonly mode: ForwardMode;
  /** Whether the inside of each segment is computed again when the gradient passes, instead of being kept. */
  readonly recomputes: boolean;
  parameter(name: string): Tensor;
  /** Takes the tensor over; it outlives the tidies of the layers. */
  setStatistic(name: string, value: Tensor): void;
}

/** Sends `x` through the layers, one after the other. */
export function runLayers(pass: Pass, layers: readonly Layer[], x: Tensor): Tensor {
  if (!pass.recomputes) return runInTurn(layers, x, (layer, y) => runLayer(pass, layer, y));
  return runInTurn(segmentsOf(layers), x, (segment, y) => {
    if (segment.length === 1 && segment[0]!.kind === 'skip-connection') return runLayer(pass, segment[0]!, y);
    const once = { ...pass, recomputes: false };
    const again = { ...once, setStatistic: () => {} };
    return checkpoint(pass.engine.tf, y, trainableOf(pass, segment), (input, isRepeated) =>
      runLayers(isRepeated ? again : once, segment, input),
    );
  });

  /** What one step gives is released when the next has read it; a gradient that needs it has a reference of its own. */
  function runInTurn<Step>(steps: readonly Step[], first: Tensor, run: (step: Step, y: Tensor) => Tensor): Tensor {
    const { tf } = pass.engine;
    return steps.reduce((y, step) => {
      const next = tf.tidy(() => run(step, y));
      if (y !== first) y.dispose();
      return next;
    }, first);
  }
}

function trainableOf(pass: Pass, layers: readonly Layer[]): Tensor[] {
  return parametersOf(layers)
    .filter(({ role }) => role !== 'running-statistic')
    .map(({ name }) => pass.parameter(name));
}

function runLayer(pass: Pass, layer: Layer, x: Tensor): Tensor {
  const { tf } = pass.engine;
  switch (layer.kind) {
    case 'convolution': {
      const y = tf.conv2d(x as Tensor4D, pass.parameter(`${layer.name}.filter`) as Tensor4D, layer.stride, 'same');
      return layer.hasBias ? addBias(pass.engine, y, pass.parameter(`${layer.name}.bias`) as Tensor1D) : y;
    }
    case 'up-convolution': {
      const [n, h, w] = (x as Tensor4D).shape;
      const filter = pass.parameter(`${layer.name}.filter`) as Tensor4D;
      const y = tf.conv2dTranspose(x as Tensor4D, filter, [n, 2 * h, 2 * w, layer.outputs], 2, 'same');
      return addBias(pass.engine, y, pass.parameter(`${layer.name}.bias`) as Tensor1D);
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
      return concatChannels(pass.engine, runLayers(pass, layer.inner, x) as Tensor4D, x as Tensor4D);
    case 'residual-block':
      return tf.relu(addEqual(pass.engine, runLayers(pass, layer.body, x), runLayers(pass, layer.shortcut, x)));
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
  const next = pass.engine.runningStatistics(running, normalised, EPSILON, pass.mode === 'measure' ? 0 : MOMENTUM);
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
