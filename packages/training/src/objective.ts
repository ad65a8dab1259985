import type { Engine, Tensor, Tensor4D } from '@consilium/engine';
import { type Batch, labelOf } from './batches.js';
import { classWeights, crossEntropyAndDice, type Scalar, weightedCrossEntropy } from './losses.js';
import type { ExampleSource, LearningTask } from './training.js';

/** The loss of the plan's task: a scalar from the logits of a batch. */
export type Objective = (logits: Tensor, batch: Batch) => Scalar;

/** Reads every label once where the plan weighs the classes by their frequency. Errors  DATASET_UNSUITABLE. */
export function objectiveOf(engine: Engine, plan: LearningTask, examples: ExampleSource): Objective {
  const { tf } = engine;
  const { task } = plan;
  if (task.kind === 'segmentation') {
    return (logits, batch) => {
      const masks = tf.tensor4d(batch.masks, logits.shape as [number, number, number, number]);
      return crossEntropyAndDice(engine, logits as Tensor4D, masks, task.loss.diceShare);
    };
  }
  const classes = task.classes.length;
  const counts = new Array<number>(classes).fill(0);
  if (task.loss.classWeights === 'balanced')
    for (let i = 0; i < examples.count; i++) counts[labelOf(examples.read(i), task.classes)]!++;
  const weights = classWeights(task.loss.classWeights, counts);
  return (logits, batch) => {
    const weighted = new Float32Array(batch.count * classes);
    batch.labels.forEach((label, place) => {
      weighted[place * classes + label] = weights[label]!;
    });
    return weightedCrossEntropy(engine, logits, tf.tensor2d(weighted, [batch.count, classes]));
  };
}
