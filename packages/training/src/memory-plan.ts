import type { BackEnd } from '@consilium/engine';
import { ConsiliumError, type ErrorDetail } from '@consilium/errors';
import { type Estimate, estimateOf } from './memory-estimate.js';
import type { LearningTask } from './training.js';

/** Where the work runs, as far as memory is concerned; an `Engine` fits as it is. */
export interface MemoryBounds {
  readonly backEnd: BackEnd;
  readonly memoryLimitBytes: number;
}

/** The bounds of an engine, or narrower ones that a site sets. */
export function boundsOf(
  { backEnd, memoryLimitBytes }: MemoryBounds,
  siteLimitBytes = Number.POSITIVE_INFINITY,
): MemoryBounds {
  return { backEnd, memoryLimitBytes: Math.min(memoryLimitBytes, siteLimitBytes) };
}

/** How a plan's batches are put on a back end. */
export interface MemoryPlan {
  /** Most examples at once; a larger batch is computed in parts whose gradients are added up. */
  readonly examplesAtOnce: number;
  /** Whether the inside of blocks is computed twice instead of being kept. */
  readonly recomputes: boolean;
  /** The estimate for this. */
  readonly bytes: number;
}

/**
 * The largest part of a batch that fits, by the plan and the limit alone, so that every round is computed alike. Parts come
 * before checkpoints: they cost no time. Batch normalisation takes its statistics from the whole batch, which therefore
 * has no parts.
 *
 * Errors   PLAN_TOO_LARGE, its detail naming what would fit; MODEL_SPEC_INVALID.
 */
export function planTrainingMemory(plan: LearningTask, bounds: MemoryBounds): MemoryPlan {
  const estimate = estimateOf(plan, bounds.backEnd);
  const isWhole = plan.model.normalisation.kind === 'batch';
  // A last batch of one example joins the one before (batches.ts).
  const batch = plan.training.batchSize + (isWhole && plan.training.batchSize > 1 ? 1 : 0);
  const bytesOf = (recomputes: boolean, examples: number): number =>
    estimate({ mode: recomputes ? 'recompute' : 'train', examples, accumulates: !isWhole && examples < batch });
  for (const recomputes of [false, true]) {
    const most = largestThat(batch, (examples) => bytesOf(recomputes, examples) <= bounds.memoryLimitBytes);
    if (most === 0 || (isWhole && most < batch)) continue;
    const examplesAtOnce = Math.ceil(batch / Math.ceil(batch / most));
    return { examplesAtOnce, recomputes, bytes: bytesOf(recomputes, examplesAtOnce) };
  }
  const least = bytesOf(true, isWhole ? batch : 1);
  throw tooLarge(plan, bounds, least, isWhole ? largestBatch(estimate, bounds, batch) : 0);
}

/**
 * The largest batch of an evaluation that fits: at most the plan's. The results do not depend on it.
 *
 * Errors   as `planTrainingMemory`.
 */
export function planEvaluationMemory(plan: LearningTask, bounds: MemoryBounds): MemoryPlan {
  const estimate = estimateOf(plan, bounds.backEnd);
  const bytesOf = (examples: number) => estimate({ mode: 'infer', examples });
  const most = largestThat(plan.training.batchSize, (examples) => bytesOf(examples) <= bounds.memoryLimitBytes);
  if (most === 0) throw tooLarge(plan, bounds, bytesOf(1), 0);
  return { examplesAtOnce: most, recomputes: false, bytes: bytesOf(most) };
}

/** The largest number from 1 to `most` for which `fits` is true, 0 when there is none. */
function largestThat(most: number, fits: (n: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Less the one that may join. */
function largestBatch(estimate: Estimate, { memoryLimitBytes }: MemoryBounds, batch: number): number {
  return largestThat(batch, (examples) => estimate({ mode: 'recompute', examples }) <= memoryLimitBytes) - 1;
}

function tooLarge(plan: LearningTask, bounds: MemoryBounds, needed: number, batchThatFits: number): ConsiliumError {
  const { height, width } = plan.preprocessing;
  return new ConsiliumError('PLAN_TOO_LARGE', {
    backEnd: bounds.backEnd,
    batchSize: plan.training.batchSize,
    image: `${height}x${width}`,
    neededMegabytes: Math.ceil(needed / 1e6),
    limitMegabytes: Math.floor(bounds.memoryLimitBytes / 1e6),
    ...whatFits(plan, bounds, batchThatFits),
  });
}

function whatFits(plan: LearningTask, bounds: MemoryBounds, batchThatFits: number): ErrorDetail {
  if (batchThatFits > 1) return { fits: `training.batchSize ${batchThatFits}` };
  const image = largestImage(plan, bounds);
  return { fits: image ? `preprocessing of ${image.height}x${image.width}` : 'no image; only a smaller model' };
}

/** The largest image of the same shape that fits in training, in steps that the model can halve. */
function largestImage(plan: LearningTask, bounds: MemoryBounds): LearningTask['preprocessing'] | undefined {
  const { height, width } = plan.preprocessing;
  const step = plan.model.family === 'unet' ? 2 ** plan.model.depth : 32;
  const rounded = (side: number) => Math.max(step, step * Math.floor(side / step));
  const examples = plan.model.normalisation.kind === 'batch' && plan.training.batchSize > 1 ? 3 : 1;
  const sized = (steps: number) => ({ height: steps * step, width: rounded((width * steps * step) / height) });
  const most = largestThat(Math.ceil(height / step) - 1, (steps) => {
    const smaller = { ...plan, preprocessing: { ...plan.preprocessing, ...sized(steps) } };
    return (
      estimateOf(smaller, bounds.backEnd)({ mode: 'recompute', examples, accumulates: examples === 1 }) <=
      bounds.memoryLimitBytes
    );
  });
  return most > 0 ? sized(most) : undefined;
}
