import type { ConvolutionSize } from '@consilium/engine';
import type { Layer } from './layer.js';
import { segmentsOf } from './segments.js';

/** What a forward pass computes, as far as memory is concerned; follows run-layers.ts step by step. */
export interface Operation {
  /** Values that it reads; the input of the graph is 0. */
  readonly inputs: readonly number[];
  /** The value that it gives. */
  readonly output: number;
  /** Elements of its output, for one example. */
  readonly elements: number;
  /** Values that the gradient needs. */
  readonly saves: readonly number[];
  /** Elements of the parameters that it reads; their derivatives come on the way back. */
  readonly parameters: number;
  /** The derivatives of the inputs are that of the output: no memory of their own. */
  readonly handsOn?: boolean;
  /** A segment that is computed again when the gradient passes. */
  readonly inner?: Graph;
  readonly convolution?: ConvolutionSize;
}

export interface Graph {
  readonly operations: readonly Operation[];
  readonly inputElements: number;
  readonly output: number;
}

/** Height, width and channels of one example. */
export interface Extent {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type GraphMode = 'train' | 'recompute' | 'infer';

/** The operations of a chain of layers on an input of this extent. */
export function graphOf(layers: readonly Layer[], input: Extent, mode: GraphMode): Graph {
  return new Tracer(mode).graph(layers, input).graph;
}

interface Value extends Extent {
  readonly id: number;
}

class Tracer {
  private readonly operations: Operation[] = [];
  private next = 1;

  constructor(private readonly mode: GraphMode) {}

  graph(layers: readonly Layer[], input: Extent): { graph: Graph; extent: Extent } {
    const output = this.chain(layers, { ...input, id: 0 });
    const graph = { operations: this.operations, inputElements: elementsOf(input), output: output.id };
    return { graph, extent: output };
  }

  private chain(layers: readonly Layer[], x: Value): Value {
    if (this.mode !== 'recompute') return layers.reduce((y, layer) => this.layer(layer, y), x);
    return segmentsOf(layers).reduce((y, segment) => {
      if (segment.length === 1 && segment[0]!.kind === 'skip-connection') return this.layer(segment[0]!, y);
      const { graph, extent } = new Tracer('train').graph(segment, y);
      return this.add({ inputs: [y], extent, saves: [y], inner: graph });
    }, x);
  }

  private layer(layer: Layer, x: Value): Value {
    switch (layer.kind) {
      case 'convolution': {
        const [height, width] = [Math.ceil(x.height / layer.stride), Math.ceil(x.width / layer.stride)];
        const extent = { height, width, channels: layer.outputs };
        const parameters = layer.size ** 2 * layer.inputs * layer.outputs;
        const { size, stride, inputs, outputs } = layer;
        const convolution = { size, stride, inputs, outputs, height: x.height, width: x.width };
        const y = this.add({ inputs: [x], extent, saves: [x], parameters, convolution });
        return layer.hasBias ? this.bias(y) : y;
      }
      case 'up-convolution': {
        const extent = { height: 2 * x.height, width: 2 * x.width, channels: layer.outputs };
        const parameters = 4 * layer.inputs * layer.outputs;
        return this.bias(this.add({ inputs: [x], extent, saves: [x], parameters }));
      }
      case 'normalisation': {
        const isComposed = this.mode === 'infer' && layer.over === 'batch'; // of a product, a sum and a ReLU
        const y = this.add({ inputs: [x], extent: x, saves: [x], parameters: 2 * layer.channels });
        if (!isComposed) return y;
        const z = this.add({ inputs: [y], extent: x, saves: [] });
        return layer.relu ? this.add({ inputs: [z], extent: x, saves: [] }) : z;
      }
      case 'max-pool': {
        const [height, width] = [Math.ceil(x.height / layer.stride), Math.ceil(x.width / layer.stride)];
        return this.add({ inputs: [x], extent: { height, width, channels: x.channels }, saves: [x, 'output'] });
      }
      case 'global-average-pool':
        return this.add({ inputs: [x], extent: { height: 1, width: 1, channels: x.channels }, saves: [x] });
      case 'dense':
        return this.add({
          inputs: [x],
          extent: { height: 1, width: 1, channels: layer.outputs },
          saves: [x],
          parameters: layer.inputs * layer.outputs,
        });
      case 'skip-connection': {
        const y = this.chain(layer.inner, x);
        return this.add({ inputs: [y, x], extent: { ...x, channels: x.channels + y.channels }, saves: [] });
      }
      case 'residual-block': {
        const branches = [this.chain(layer.body, x), this.chain(layer.shortcut, x)];
        const sum = this.add({ inputs: branches, extent: branches[0]!, saves: [], handsOn: true });
        return this.add({ inputs: [sum], extent: sum, saves: ['output'] });
      }
    }
  }

  private bias(y: Value): Value {
    return this.add({ inputs: [y], extent: y, saves: [], handsOn: true });
  }

  private add(operation: {
    inputs: readonly Value[];
    extent: Extent;
    saves: readonly (Value | 'output')[];
    parameters?: number;
    handsOn?: boolean;
    inner?: Graph;
    convolution?: ConvolutionSize;
  }): Value {
    const id = this.next++;
    const { inputs, extent, saves, parameters = 0, ...rest } = operation;
    const { height, width, channels } = extent;
    this.operations.push({
      ...rest,
      inputs: inputs.map((value) => value.id),
      output: id,
      elements: elementsOf(extent),
      parameters,
      saves: saves.map((value) => (value === 'output' ? id : value.id)),
    });
    return { id, height, width, channels };
  }
}

function elementsOf({ height, width, channels }: Extent): number {
  return height * width * channels;
}
