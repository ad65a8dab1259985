import { startEngine } from '@consilium/engine';
import { buildModel, modelPorts, randomFrom } from '@consilium/models';
import { openLearner, readBatch } from '@consilium/training';

const SIDE = 128;
const CLASSES = ['a', 'b', 'c', 'd'];
const LEARNING_RATE = 1e-3;

/**
 * One of the models of the engine bench, opened for training on a batch of noise: U-Net (4 levels, base 16, batch 8) or
 * ResNet-18 (base 32, batch 16), 128x128, batch normalisation, Adam.
 *
 * @param {string} which
 * @param {import('@consilium/engine').EngineOptions} options
 */
export async function openModel(which, options) {
  if (which !== 'unet' && which !== 'resnet') throw new RangeError(`unet or resnet, not ${which}`);
  const isUNet = which === 'unet';
  const count = isUNet ? 8 : 16;
  const plan = planOf(isUNet, count);
  const source = noise(isUNet, count);
  const order = Array.from({ length: count }, (_, i) => i);
  const engine = await startEngine(options);
  const model = buildModel(plan.model, modelPorts(plan));
  const learner = openLearner(engine, plan, model.initialise(new Uint8Array(32).fill(2)), source);
  const batch = readBatch(plan, source, order);
  return {
    engine,
    /** One training step as a site does it, where the batch is ready when a step begins; answers the loss. */
    step: () => learner.step(batch, LEARNING_RATE),
    close: async () => {
      learner.dispose();
      await engine.stop();
    },
  };
}

/**
 * @param {boolean} isUNet
 * @param {number} batchSize
 * @returns {import('@consilium/training').LearningTask}
 */
function planOf(isUNet, batchSize) {
  const normalisation = { kind: /** @type {const} */ ('batch') };
  return {
    task: isUNet
      ? { kind: 'segmentation', structures: ['structure'], loss: { kind: 'cross-entropy-and-dice', diceShare: 0.5 } }
      : { kind: 'classification', classes: CLASSES, loss: { kind: 'cross-entropy', classWeights: 'none' } },
    preprocessing: { height: SIDE, width: SIDE },
    augmentation: { flip: 'none', shiftPixels: 0, intensityJitter: 0 },
    model: isUNet
      ? { family: 'unet', depth: 4, baseFilters: 16, normalisation }
      : { family: 'resnet', layers: 18, baseWidth: 32, normalisation },
    training: {
      epochsPerRound: 1,
      batchSize,
      optimizer: { kind: 'adam', learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      learningRateDecay: 1,
      clipGradientNorm: 0,
    },
  };
}

/**
 * @param {boolean} isUNet
 * @param {number} count
 * @returns {import('@consilium/training').ExampleSource}
 */
function noise(isUNet, count) {
  const random = randomFrom(new Uint8Array(32).fill(1));
  const examples = Array.from({ length: count }, (_, i) => ({
    image: Float32Array.from({ length: SIDE * SIDE }, () => random.uniform()),
    ...(isUNet
      ? { mask: Uint8Array.from({ length: SIDE * SIDE }, () => random.integer(0, 1)) }
      : { label: i % CLASSES.length }),
  }));
  return { count, read: (index) => /** @type {import('@consilium/training').Example} */ (examples[index]) };
}
