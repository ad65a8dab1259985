import { join } from 'node:path';
import type { Engine } from '@consilium/engine';
import { buildModel, modelPorts } from '@consilium/models';
import type { Plan } from '@consilium/plan';
import { DatasetStore, openTensorFile, TensorCache } from '@consilium/site-agent';
import { hasRunningStatistics } from '@consilium/tensors';
import { measureRunningStatistics, openWeights, readBatch } from '@consilium/training';

/** A film's score, and whether it is of the class that counts as positive. */
export interface Score {
  readonly score: number;
  readonly isPositive: boolean;
}

const signal = new AbortController().signal;
const AT_ONCE = 16;

/** The scores of a model of two classes on one part of a site's dataset: the difference of its logits, film by film. */
export async function scoresOf(
  engine: Engine,
  plan: Plan,
  values: Float32Array,
  site: { readonly folder: string; readonly version: string },
  part: 'validation' | 'test',
): Promise<Score[]> {
  const store = new DatasetStore(join(site.folder, 'datasets'));
  const tensors = new TensorCache(join(site.folder, 'tensors'), store);
  const model = buildModel(plan.model, modelPorts(plan));
  const weights = openWeights(engine, model, values);
  const examples = openTensorFile(await tensors.open(site.version, plan, part, signal));
  try {
    if (hasRunningStatistics(model.layout)) {
      const training = openTensorFile(await tensors.open(site.version, plan, 'train', signal));
      await measureRunningStatistics(engine, plan, model, weights, training, { signal });
      training.close();
    }
    const scores: Score[] = [];
    for (let from = 0; from < examples.count; from += AT_ONCE) {
      const indices = Array.from({ length: Math.min(AT_ONCE, examples.count - from) }, (_, i) => from + i);
      const { height, width } = plan.preprocessing;
      const { images, count } = readBatch(plan, examples, indices);
      const logits = engine.tf.tidy(() => {
        const x = engine.tf.tensor4d(images, [count, height, width, 1]);
        return model.forward(engine, weights.variables, x, 'infer').logits.dataSync() as Float32Array;
      });
      for (const [i, index] of indices.entries())
        scores.push({ score: logits[2 * i + 1]! - logits[2 * i]!, isPositive: examples.read(index).label === 1 });
    }
    return scores;
  } finally {
    examples.close();
    weights.dispose();
  }
}

/** The share of pairs of a positive and a negative that are in order; ties count one half. Null with one class only. */
export function exactAuroc(scores: readonly Score[]): number | null {
  const negatives = scores.filter(({ isPositive }) => !isPositive).map(({ score }) => score);
  const positives = scores.filter(({ isPositive }) => isPositive).map(({ score }) => score);
  if (negatives.length === 0 || positives.length === 0) return null;
  let inOrder = 0;
  for (const p of positives) for (const n of negatives) inOrder += p > n ? 1 : p === n ? 0.5 : 0;
  return inOrder / (positives.length * negatives.length);
}
