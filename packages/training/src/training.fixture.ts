import { randomFrom } from '@consilium/models';
import { defaultScoreEdges, type ScoreEdges } from '@consilium/validation';
import type { Example, ExampleSource, LearningTask } from './training.js';

/** Plans and films for the tests of this package. */
const common = {
  preprocessing: { height: 16, width: 16 },
  augmentation: { flip: 'none', shiftPixels: 0, intensityJitter: 0 },
} as const;
const training: LearningTask['training'] = {
  epochsPerRound: 1,
  batchSize: 2,
  optimizer: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  learningRateDecay: 1,
  clipGradientNorm: 1,
};
const normalisation = { kind: 'group', groups: 4 } as const;

export function segmentationPlan(changes: Partial<LearningTask['training']> = {}): LearningTask {
  return {
    ...common,
    task: { kind: 'segmentation', structures: ['disc'], loss: { kind: 'cross-entropy-and-dice', diceShare: 0.5 } },
    model: { family: 'unet', depth: 2, baseFilters: 4, normalisation },
    training: { ...training, ...changes },
  };
}

export function classificationPlan(changes: Partial<LearningTask['training']> = {}): LearningTask {
  return {
    ...common,
    preprocessing: { height: 32, width: 32 },
    task: {
      kind: 'classification',
      classes: ['without', 'with'],
      loss: { kind: 'cross-entropy', classWeights: 'balanced' },
    },
    model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation },
    training: { ...training, ...changes },
  };
}

/** Noise with a disc that is brighter by 1: its mask, or whether it is there (every second film). */
export function films(count: number, side: number, kind: 'mask' | 'label'): ExampleSource {
  const random = randomFrom(Buffer.from('films'));
  const examples = Array.from({ length: count }, (_, index): Example => {
    const label = kind === 'label' ? index % 2 : 1;
    const [cx, cy] = [random.integer(side / 4, (3 * side) / 4), random.integer(side / 4, (3 * side) / 4)];
    const mask = new Uint8Array(side * side);
    const image = new Float32Array(side * side);
    for (let i = 0; i < image.length; i++) {
      const isInside = Math.hypot((i % side) - cx, Math.floor(i / side) - cy) <= side / 5;
      mask[i] = isInside ? 1 : 0;
      image[i] = (isInside ? label : 0) + 0.3 * random.normal();
    }
    return kind === 'label' ? { image, label } : { image, mask };
  });
  return { count, read: (index) => examples[index]! };
}

export const SCORE_BINS = 101;

export function scoreEdgesOf({ task }: LearningTask): ScoreEdges {
  return task.kind === 'segmentation' ? [] : defaultScoreEdges(task.classes.length, SCORE_BINS);
}
