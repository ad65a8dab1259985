import type { Convolution, Layer } from './layer.js';
import type { ModelPorts, ResNetSpec } from './model.js';
import { normalisation } from './normalisation-layer.js';

/** Basic blocks in each of the four stages; He et al. 2015, table 1. */
const BLOCKS: Record<ResNetSpec['layers'], readonly number[]> = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] };

/**
 * The layers of a ResNet: 7x7 stem of stride 2, 3x3 max pooling of stride 2, four stages of basic blocks with
 * baseWidth * 2^stage channels (stages 1 to 3 begin with stride 2), global average pooling, one dense layer.
 * Where a block changes the shape its shortcut is a 1x1 convolution with a normalisation (option B of the paper).
 *
 * Numbers  all scales begin at one. Zero in a block's last normalisation (Goyal et al. 2017) was tried: with a few hundred
 *          steps of Adam the blocks stay shut, and 30 epochs on the phantoms taught nothing.
 * Source   He et al. 2015, arXiv:1512.03385.
 */
export function resnetLayers(spec: ResNetSpec, ports: ModelPorts): Layer[] {
  const stem: Layer[] = [
    convolution('stem.conv', 7, 2, ports.channels, spec.baseWidth),
    normalisation(spec.normalisation, 'stem.norm', spec.baseWidth, { relu: true }),
    { kind: 'max-pool', size: 3, stride: 2 },
  ];
  let inputs = spec.baseWidth;
  const blocks = BLOCKS[spec.layers].flatMap((count, stage) => {
    const outputs = spec.baseWidth * 2 ** stage;
    return Array.from({ length: count }, (_, index) => {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const block = basicBlock(spec, `stage.${stage}.block.${index}`, stride, inputs, outputs);
      inputs = outputs;
      return block;
    });
  });
  return [
    ...stem,
    ...blocks,
    { kind: 'global-average-pool' },
    { kind: 'dense', name: 'head', inputs, outputs: ports.outputs },
  ];
}

function basicBlock(spec: ResNetSpec, name: string, stride: number, inputs: number, outputs: number): Layer {
  const norm = spec.normalisation;
  return {
    kind: 'residual-block',
    body: [
      convolution(`${name}.conv1`, 3, stride, inputs, outputs),
      normalisation(norm, `${name}.norm1`, outputs, { relu: true }),
      convolution(`${name}.conv2`, 3, 1, outputs, outputs),
      normalisation(norm, `${name}.norm2`, outputs, { relu: false }),
    ],
    shortcut:
      stride === 1 && inputs === outputs
        ? []
        : [
            convolution(`${name}.shortcut.conv`, 1, stride, inputs, outputs),
            normalisation(norm, `${name}.shortcut.norm`, outputs, { relu: false }),
          ],
  };
}

const convolution = (name: string, size: number, stride: number, inputs: number, outputs: number): Convolution => ({
  kind: 'convolution',
  name,
  size,
  stride,
  inputs,
  outputs,
  hasBias: false,
  feedsRelu: true,
});
