import { ConsiliumError } from '@consilium/errors';
import type { Convolution, Layer } from './layer.js';
import type { ModelPorts, UNetSpec } from './model.js';
import { normalisation } from './normalisation-layer.js';

/**
 * The layers of a U-Net with same padding: two 3x3 convolutions on each level, 2x2 max pooling on the way down, 2x2
 * transposed convolutions and concatenation on the way up, a 1x1 convolution at the end. Level k has
 * baseFilters * 2^k channels; level `depth` is the bottom.
 *
 * Errors   MODEL_SPEC_INVALID when the depth does not divide the input.
 * Source   Ronneberger et al. 2015, arXiv:1505.04597, with a normalisation before each ReLU.
 */
export function unetLayers(spec: UNetSpec, ports: ModelPorts): Layer[] {
  const step = 2 ** spec.depth;
  if (ports.height % step !== 0 || ports.width % step !== 0)
    throw new ConsiliumError('MODEL_SPEC_INVALID', {
      reason: `height and width must be multiples of ${step}`,
      height: ports.height,
      width: ports.width,
    });
  return [
    ...level(spec, 0, ports.channels),
    {
      kind: 'convolution',
      name: 'head',
      size: 1,
      stride: 1,
      inputs: spec.baseFilters,
      outputs: ports.outputs,
      hasBias: true,
      feedsRelu: false,
    },
  ];
}

/** A level and all below it: from `inputs` channels to those of the level, at unchanged height and width. */
function level(spec: UNetSpec, k: number, inputs: number): Layer[] {
  const channels = spec.baseFilters * 2 ** k;
  if (k === spec.depth) return twoConvolutions(spec, 'bottom', inputs, channels);
  const below: Layer[] = [
    { kind: 'max-pool', size: 2, stride: 2 },
    ...level(spec, k + 1, channels),
    { kind: 'up-convolution', name: `decoder.${k}.up`, inputs: 2 * channels, outputs: channels },
  ];
  return [
    ...twoConvolutions(spec, `encoder.${k}`, inputs, channels),
    { kind: 'skip-connection', inner: below },
    ...twoConvolutions(spec, `decoder.${k}`, 2 * channels, channels),
  ];
}

function twoConvolutions(spec: UNetSpec, name: string, inputs: number, outputs: number): Layer[] {
  const convolution = (index: number, from: number): Convolution => ({
    kind: 'convolution',
    name: `${name}.conv${index}`,
    size: 3,
    stride: 1,
    inputs: from,
    outputs,
    hasBias: false,
    feedsRelu: true,
  });
  return [
    convolution(1, inputs),
    normalisation(spec.normalisation, `${name}.norm1`, outputs, { relu: true }),
    convolution(2, outputs),
    normalisation(spec.normalisation, `${name}.norm2`, outputs, { relu: true }),
  ];
}
