import { type BackEnd, convolutionScratchBytes } from '@consilium/engine';
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
    const elements = needs.parameters + copies * needs.trainable + needs.peak(load);
    const bytes = LOSS[load.mode] * (BYTES * elements + scratchBytes(backEnd, needs, load));
    return backEnd === 'wasm' ? Math.max(WASM_FIRST_BYTES, WASM_OWN_BYTES + bytes) : bytes;
  };
}

/** Of the convolutions. TensorFlow and Dawn have theirs, which they do not tell; it is small beside the rest. */
function scratchBytes(backEnd: BackEnd, { convolutions }: MemoryNeeds, { mode, examples }: Load): number {
  return backEnd === 'wasm' ? convolutionScratchBytes(convolutions, examples, mode !== 'infer') : 0;
}
