import type { Role } from '@consilium/tensors';
import type { Layer } from './layer.js';

/** How the values of a parameter begin. `normal` has mean 0. */
export type Initial =
  | { readonly kind: 'zero' }
  | { readonly kind: 'one' }
  | { readonly kind: 'normal'; readonly stdDev: number };

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly initial: Initial;
}

const zero: Initial = { kind: 'zero' };
const one: Initial = { kind: 'one' };

/** He et al. 2015, arXiv:1502.01852: keeps the variance through a layer that a ReLU follows or that reads the output of one. */
const he = (fanIn: number): Initial => ({ kind: 'normal', stdDev: Math.sqrt(2 / fanIn) });
/** The same for the last layer, whose logits should begin small. */
const small = (fanIn: number): Initial => ({ kind: 'normal', stdDev: Math.sqrt(1 / fanIn) });

/** The parameters of a network in the order of its layers, which is the order of the layout. */
export function parametersOf(layers: readonly Layer[]): Parameter[] {
  return layers.flatMap(parametersOfLayer);
}

function parametersOfLayer(layer: Layer): Parameter[] {
  switch (layer.kind) {
    case 'convolution': {
      const fanIn = layer.size ** 2 * layer.inputs;
      const filter: Parameter = {
        name: `${layer.name}.filter`,
        shape: [layer.size, layer.size, layer.inputs, layer.outputs],
        role: 'weight',
        initial: layer.feedsRelu ? he(fanIn) : small(fanIn),
      };
      return layer.hasBias ? [filter, bias(layer.name, layer.outputs)] : [filter];
    }
    case 'up-convolution':
      // The fan-in of a 2x2 filter, though its blocks do not overlap: what comes from below begins at half the skip's size.
      return [
        {
          name: `${layer.name}.filter`,
          shape: [2, 2, layer.outputs, layer.inputs],
          role: 'weight',
          initial: he(4 * layer.inputs),
        },
        bias(layer.name, layer.outputs),
      ];
    case 'dense':
      return [
        {
          name: `${layer.name}.filter`,
          shape: [layer.inputs, layer.outputs],
          role: 'weight',
          initial: small(layer.inputs),
        },
        bias(layer.name, layer.outputs),
      ];
    case 'normalisation': {
      const shape = [layer.channels];
      const affine: Parameter[] = [
        { name: `${layer.name}.scale`, shape, role: 'norm', initial: one },
        { name: `${layer.name}.shift`, shape, role: 'norm', initial: zero },
      ];
      if (layer.over === 'group') return affine;
      return [
        ...affine,
        { name: `${layer.name}.running-mean`, shape, role: 'running-statistic', initial: zero },
        { name: `${layer.name}.running-variance`, shape, role: 'running-statistic', initial: one },
      ];
    }
    case 'skip-connection':
      return parametersOf(layer.inner);
    case 'residual-block':
      return [...parametersOf(layer.body), ...parametersOf(layer.shortcut)];
    case 'max-pool':
    case 'global-average-pool':
      return [];
  }
}

const bias = (layerName: string, outputs: number): Parameter => ({
  name: `${layerName}.bias`,
  shape: [outputs],
  role: 'weight',
  initial: zero,
});
