import type { ConvolutionSize } from '@consilium/engine';
import { layersOf } from './layers.js';
import type { ModelPorts, ModelSpec } from './model.js';
import { type Graph, type GraphMode, graphOf, type Operation } from './operations.js';
import { parametersOf } from './parameters.js';

/** What is on the back end at once. */
export interface Load {
  /** train: all is kept that the gradient needs. recompute: checkpoints alone. infer: no gradient. */
  readonly mode: GraphMode;
  readonly examples: number;
}

/** A model as far as memory is concerned; sizes in elements of float32. */
export interface MemoryNeeds {
  readonly parameters: number;
  readonly trainable: number;
  readonly convolutions: readonly ConvolutionSize[];
  /**
   * Most elements that exist at once besides the parameters: pictures, what is kept of them, derivatives on the way back,
   * gradients.
   */
  peak(load: Load): number;
}

/**
 * What training and inference of a model hold.
 *
 * Numbers  found by running the operations of the model as sizes: taken, kept for the gradient and released as
 *          run-layers.ts and the engine do it.
 * Errors   MODEL_SPEC_INVALID.
 */
export function memoryNeeds(spec: ModelSpec, ports: ModelPorts): MemoryNeeds {
  const layers = layersOf(spec, ports);
  const parameters = parametersOf(layers).map(({ role, shape }) => ({ role, size: shape.reduce((a, b) => a * b) }));
  const sum = (list: typeof parameters) => list.reduce((total, { size }) => total + size, 0);
  return {
    parameters: sum(parameters),
    trainable: sum(parameters.filter(({ role }) => role !== 'running-statistic')),
    convolutions: graphOf(layers, ports, 'train').operations.flatMap(({ convolution }) => convolution ?? []),
    peak: ({ mode, examples }) => peakOf(graphOf(layers, ports, mode), new Memory(examples), mode !== 'infer'),
  };
}

function peakOf(graph: Graph, memory: Memory, hasGradient: boolean): number {
  const input = memory.take(graph.inputElements);
  const { output, values } = forward(memory, graph, input, hasGradient);
  if (hasGradient) {
    memory.take(output.elements); // the masks
    backward(memory, graph, values, memory.take(output.elements), false);
  }
  return memory.peak;
}

/** A buffer with the number of tensors that share it. */
interface Held {
  readonly elements: number;
  references: number;
}

class Memory {
  private live = 0;
  peak = 0;

  constructor(private readonly examples: number) {}

  /** `elements` of each example. */
  take(elements: number): Held {
    this.add(elements * this.examples);
    return { elements, references: 1 };
  }

  /** For good, whatever the number of examples. */
  add(elements: number): void {
    this.live += elements;
    this.peak = Math.max(this.peak, this.live);
  }

  release(held: Held): void {
    held.references -= 1;
    if (held.references === 0) this.live -= held.elements * this.examples;
  }
}

interface Forward {
  readonly output: Held;
  readonly values: ReadonlyMap<number, Held>;
}

/** The caller holds `input`; it gets the output. What is saved keeps a reference until `backward`. */
function forward(memory: Memory, graph: Graph, input: Held, keeps: boolean): Forward {
  const values = new Map([[0, input]]);
  const lastReader = new Map(graph.operations.flatMap((operation) => operation.inputs.map((id) => [id, operation])));
  for (const operation of graph.operations) {
    const { inner, inputs, output, elements, saves } = operation;
    values.set(output, inner ? forward(memory, inner, values.get(inputs[0]!)!, false).output : memory.take(elements));
    if (keeps) for (const id of saves) values.get(id)!.references += 1;
    for (const id of new Set(inputs)) if (id !== 0 && lastReader.get(id) === operation) memory.release(values.get(id)!);
  }
  return { output: values.get(graph.output)!, values };
}

/** Goes back through the operations; answers the derivative of the input, if it is wanted. Takes `dy` over. */
function backward(
  memory: Memory,
  graph: Graph,
  values: ReadonlyMap<number, Held>,
  dy: Held,
  wantsInput: boolean,
): Held | undefined {
  const derivatives = new Map([[graph.output, dy]]);
  for (const operation of graph.operations.toReversed()) {
    const own = derivatives.get(operation.output)!;
    memory.add(operation.parameters);
    for (const id of operation.inputs) {
      if (id === 0 && !wantsInput) {
        if (operation.inner) derivativeOf(memory, operation, values.get(id)!, own, false);
        continue;
      }
      const derivative = derivativeOf(memory, operation, values.get(id)!, own, true)!;
      const before = derivatives.get(id);
      derivatives.set(id, before ? memory.take(before.elements) : derivative);
      if (before) for (const summand of [before, derivative]) memory.release(summand);
    }
    memory.release(own);
    for (const id of operation.saves) memory.release(values.get(id)!);
  }
  return derivatives.get(0);
}

function derivativeOf(memory: Memory, operation: Operation, input: Held, dy: Held, wantsInput: boolean) {
  if (operation.handsOn) {
    dy.references += 1;
    return dy;
  }
  if (!operation.inner) return memory.take(input.elements);
  const { output, values } = forward(memory, operation.inner, input, true);
  dy.references += 1; // which its owner releases
  const derivative = backward(memory, operation.inner, values, dy, wantsInput);
  memory.release(output);
  return derivative;
}
