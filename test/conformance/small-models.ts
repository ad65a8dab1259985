import type { Engine } from '@consilium/engine';
import { buildModel, type ModelSpec, modelPorts, randomFrom } from '@consilium/models';
import { type Example, type ExampleSource, type LearningTask, openLearner, readBatch } from '@consilium/training';

export const SMALL_MODELS = {
  'U-Net': {
    side: 16,
    count: 4,
    spec: { family: 'unet', depth: 2, baseFilters: 8, normalisation: { kind: 'group', groups: 4 } },
  },
  ResNet: {
    side: 64,
    count: 4,
    spec: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'batch' } },
  },
} as const satisfies Record<string, { readonly side: number; readonly count: number; readonly spec: ModelSpec }>;

export type SmallModel = keyof typeof SMALL_MODELS;

const LEARNING_RATE = 1e-3;
const CLASSES = ['a', 'b', 'c'];
const STEPS = 10;

/** A small model under training as a site does it: each step on one batch of the same noise, on every back end. */
export function openSmallModel(engine: Engine, name: SmallModel) {
  const { side, count, spec } = SMALL_MODELS[name];
  const plan = planOf(spec, side, count);
  const examples = noise(spec.family, side, count);
  const initial = buildModel(spec, modelPorts(plan)).initialise(new Uint8Array(32).fill(2));
  const learner = openLearner(engine, plan, initial, examples);
  const order = Array.from({ length: count }, (_, i) => i);
  return {
    initial,
    step: () => learner.step(readBatch(plan, examples, order), LEARNING_RATE),
    read: () => learner.read(),
    close: () => learner.dispose(),
  };
}

/** The losses of ten steps of Adam, and what the steps have changed in the weights. */
export async function tenSteps(engine: Engine, name: SmallModel): Promise<Float32Array[]> {
  const model = openSmallModel(engine, name);
  try {
    const losses = new Float32Array(STEPS);
    for (let i = 0; i < STEPS; i++) losses[i] = await model.step();
    const weights = await model.read();
    return [losses, weights.map((value, i) => value - model.initial[i]!)];
  } finally {
    model.close();
  }
}

function planOf(model: ModelSpec, side: number, batchSize: number): LearningTask {
  return {
    task:
      model.family === 'unet'
        ? { kind: 'segmentation', structures: ['structure'], loss: { kind: 'cross-entropy-and-dice', diceShare: 0.5 } }
        : { kind: 'classification', classes: CLASSES, loss: { kind: 'cross-entropy', classWeights: 'none' } },
    preprocessing: { height: side, width: side },
    augmentation: { flip: 'none', shiftPixels: 0, intensityJitter: 0 },
    model,
    training: {
      epochsPerRound: 1,
      batchSize,
      optimizer: { kind: 'adam', learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      learningRateDecay: 1,
      clipGradientNorm: 1,
    },
  };
}

function noise(family: ModelSpec['family'], side: number, count: number): ExampleSource {
  const random = randomFrom(new Uint8Array(32).fill(1));
  const examples = Array.from({ length: count }, (_, i): Example => {
    const image = Float32Array.from({ length: side * side }, () => random.uniform());
    if (family === 'resnet') return { image, label: i % CLASSES.length };
    return { image, mask: Uint8Array.from({ length: side * side }, () => random.integer(0, 1)) };
  });
  return { count, read: (index) => examples[index]! };
}
