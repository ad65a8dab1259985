import { ConsiliumError } from '@consilium/errors';
import type { Random } from '@consilium/models';
import { drawTransformation, UNCHANGED, writeTransformed } from './augment.js';
import type { Example, ExampleSource, LearningTask } from './training.js';

/** Examples side by side, as the model reads them. */
export interface Batch {
  readonly count: number;
  /** [count, height, width, 1]. */
  readonly images: Float32Array;
  /** [count, height, width, 1], 0 or 1; empty for a classification. */
  readonly masks: Float32Array;
  /** Class of each example; empty for a segmentation. */
  readonly labels: Int32Array;
}

/** The numbers 0 to count - 1 in random order (Fisher and Yates). */
export function shuffledOrder(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/**
 * Cuts an order into batches; the last one may be smaller. A last batch of a single example joins the one before where
 * `joinSingle` is set: batch normalisation cannot learn from one example alone.
 */
export function cutIntoBatches(order: readonly number[], batchSize: number, joinSingle: boolean): number[][] {
  const batches: number[][] = [];
  for (let at = 0; at < order.length; at += batchSize) batches.push(order.slice(at, at + batchSize));
  if (joinSingle && batches.length > 1 && batches.at(-1)!.length === 1) {
    const [single] = batches.pop()!;
    batches.at(-1)!.push(single!);
  }
  return batches;
}

/**
 * Reads examples into a batch; augments them where a stream of random numbers is given.
 *
 * Errors   DATASET_UNSUITABLE when an example has another size, or not the mask or label that the plan asks for.
 */
export function readBatch(
  plan: LearningTask,
  source: ExampleSource,
  indices: readonly number[],
  random?: Random,
): Batch {
  const size = plan.preprocessing;
  const pixels = size.height * size.width;
  const isSegmentation = plan.task.kind === 'segmentation';
  const images = new Float32Array(indices.length * pixels);
  const masks = new Float32Array(isSegmentation ? images.length : 0);
  const labels = new Int32Array(isSegmentation ? 0 : indices.length);
  indices.forEach((index, place) => {
    const example = source.read(index);
    requireFits(plan, example);
    const at = place * pixels;
    const mask = isSegmentation ? masks.subarray(at, at + pixels) : undefined;
    const transformation = random ? drawTransformation(plan.augmentation, random) : UNCHANGED;
    writeTransformed(example, size, transformation, images.subarray(at, at + pixels), mask);
    if (!isSegmentation) labels[place] = example.label!;
  });
  return { count: indices.length, images, masks, labels };
}

/** The class of an example. Errors  DATASET_UNSUITABLE when it has none of the plan's. */
export function labelOf(example: Example, classes: readonly string[]): number {
  const { label } = example;
  if (label === undefined || !Number.isInteger(label) || label < 0 || label >= classes.length)
    throw new ConsiliumError('DATASET_UNSUITABLE', { reason: 'label', label: label ?? 'none' });
  return label;
}

function requireFits(plan: LearningTask, example: Example): void {
  const pixels = plan.preprocessing.height * plan.preprocessing.width;
  if (example.image.length !== pixels)
    throw new ConsiliumError('DATASET_UNSUITABLE', { reason: 'size', expected: pixels, got: example.image.length });
  if (plan.task.kind === 'classification') labelOf(example, plan.task.classes);
  else if (example.mask?.length !== pixels)
    throw new ConsiliumError('DATASET_UNSUITABLE', {
      reason: 'mask',
      expected: pixels,
      got: example.mask?.length ?? 0,
    });
}

/** Cuts a batch into parts of at most `most` examples, which share its arrays. */
export function partsOf(batch: Batch, most: number): Batch[] {
  if (batch.count <= most) return [batch];
  const pixels = batch.images.length / batch.count;
  return Array.from({ length: Math.ceil(batch.count / most) }, (_, i) => {
    const [start, end] = [i * most, Math.min((i + 1) * most, batch.count)];
    return {
      count: end - start,
      images: batch.images.subarray(start * pixels, end * pixels),
      masks: batch.masks.subarray(start * pixels, end * pixels),
      labels: batch.labels.subarray(start, end),
    };
  });
}
