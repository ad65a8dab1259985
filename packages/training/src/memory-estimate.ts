import type { BackEnd } from '@consilium/engine';
import { type Load, type MemoryNeeds, memoryNeeds, modelPorts } from '@consilium/models';
import type { LearningTask, OptimizerSpec } from './training.js';

/** What is on the back end at once. */
export interface StepLoad extends Load {
  /** Whether gradients of several parts of a batch are added up: one more set of them. */
  readonly accumulates?: boolean;
}

const BYTES = 4;
/** Copies of the trained weights that the optimizer keeps. */
const STATES: Readonly<Record<OptimizerSpec['kind'], number>> = { sgd: 0, momentum: 1, adam: 2, adamw: 2 };

/** The heap of wasm as it begins; and what upstream's module and the kernels' tables take of it. */
const WASM_FIRST_BYTES = 2 ** 24;
const WASM_OWN_BYTES = 2e6;
/**
 * What a heap loses between its pieces, and what wasm's grows beyond the need: measured (memory-estimate.test.ts). Without a
 * gradient, or with checkpoints, pieces of many sizes come and go, and more is lost.
 */
const LOSS = { train: 1.15, recompute: 1.35, infer: 1.7 } as const;

/** Bytes that a back end holds at most during one step, or one batch of an evaluation. */
export type Estimate = (load: StepLoad) => number;

/**
 * The estimate for a plan's model: weights, optimizer, gradients, what is kept of each example, and scratch. Measured on
 * wasm; the others do not tell what they hold, and the same is taken to hold for them.
 *
 * Errors   MODEL_SPEC_INVALID.
 */
export function estimateOf(plan: LearningTask, backEnd: BackEnd): Estimate {
  const needs = memoryNeeds(plan.model, modelPorts(plan));
  return (load) => {
    const copies = load.mode === 'infer' ? 0 : STATES[plan.training.optimizer.kind] + (load.accumulates ? 1 : 0);
    const fixed = needs.parameters + copies * needs.trainable + scratchElements(backEnd, needs, load);
    const bytes = LOSS[load.mode] * BYTES * (fixed + needs.peak(load));
    return backEnd === 'wasm' ? Math.max(WASM_FIRST_BYTES, WASM_OWN_BYTES + bytes) : bytes;
  };
}

/** Scratch of the convolutions. TensorFlow and Dawn have theirs, which they do not tell; it is small beside the rest. */
function scratchElements(backEnd: BackEnd, { convolutions }: MemoryNeeds, load: Load): number {
  if (backEnd !== 'wasm') return 0;
  const scratch = convolutions.map((size) =>
    isWinograd(size) ? winogradScratch(size, load) : directScratch(size, load),
  );
  const names = ['filter', 'partialSums', 'rotated', 'padded', 'packed'] as const;
  return names.reduce((sum, name) => sum + Math.max(0, ...scratch.map((s) => s[name] ?? 0)), 0);
}

/** Pieces of scratch; each is kept with the size of its largest need. */
type Scratch = Partial<Record<'filter' | 'partialSums' | 'rotated' | 'padded' | 'packed', number>>;
type ConvolutionSize = MemoryNeeds['convolutions'][number];

function isWinograd({ size, stride, inputs, outputs }: ConvolutionSize): boolean {
  return size === 3 && stride === 1 && Math.min(inputs, outputs) >= 4;
}

/** As in engine/src/wasm/winograd.ts: 36 products for 9 weights, unless the filter is transformed panel by panel. */
function winogradScratch({ elements, inputs, outputs, pixels }: ConvolutionSize, { mode, examples }: Load): Scratch {
  const pairs = inputs * outputs;
  const hasPanels = pairs >= 32_768;
  const filter = hasPanels ? 0 : 4 * elements;
  if (mode === 'infer') return { filter };
  const slices = pairs <= 1024 ? 8 : pairs <= 8192 ? 4 : 2;
  const hasPartialSums = !hasPanels || (examples * pixels) / 16 > 64;
  return { filter, partialSums: hasPartialSums ? 4 * slices * elements : 0, rotated: elements };
}

/** As in engine/src/wasm/direct-convolution.ts: pictures with a border of zeros, and dy in groups of eight channels. */
function directScratch({ elements, size, ...c }: ConvolutionSize, { mode, examples }: Load): Scratch {
  const padded = size > 1 ? examples * c.inputPixels * c.inputs : 0;
  if (mode === 'infer') return { filter: elements, padded };
  const packed = examples * c.pixels * 8 * Math.ceil(c.outputs / 8);
  return { filter: elements, padded: Math.max(padded, packed), packed };
}
