// One back end with one model: answers every line of input with one training step. See ../engine.ts.
import { createInterface } from 'node:readline';
import { startEngine } from '@consilium/engine';
import { buildModel, modelPorts, randomFrom } from '@consilium/models';
import { openLearner, readBatch } from '@consilium/training';

const SIDE = 128;
const CLASSES = ['a', 'b', 'c', 'd'];

const [which = '', backEnd = '', mode = ''] = process.argv.slice(2);
const isUNet = which === 'unet';
const count = isUNet ? 8 : 16;

/** @type {import('@consilium/training').LearningTask} */
const plan = {
  task: isUNet
    ? { kind: 'segmentation', structures: ['structure'], loss: { kind: 'cross-entropy-and-dice', diceShare: 0.5 } }
    : { kind: 'classification', classes: CLASSES, loss: { kind: 'cross-entropy', classWeights: 'none' } },
  preprocessing: { height: SIDE, width: SIDE },
  augmentation: { flip: 'none', shiftPixels: 0, intensityJitter: 0 },
  model: isUNet
    ? { family: 'unet', depth: 4, baseFilters: 16, normalisation: { kind: 'batch' } }
    : { family: 'resnet', layers: 18, baseWidth: 32, normalisation: { kind: 'batch' } },
  training: {
    epochsPerRound: 1,
    batchSize: count,
    optimizer: { kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    learningRateDecay: 1,
    clipGradientNorm: 0,
  },
  validation: { scoreBins: 100 },
};

const random = randomFrom(new Uint8Array(32).fill(1));
const examples = Array.from({ length: count }, (_, i) => ({
  image: Float32Array.from({ length: SIDE * SIDE }, () => random.uniform()),
  ...(isUNet
    ? { mask: Uint8Array.from({ length: SIDE * SIDE }, () => random.integer(0, 1)) }
    : { label: i % CLASSES.length }),
}));
/** @type {import('@consilium/training').ExampleSource} */
const source = { count, read: (index) => /** @type {import('@consilium/training').Example} */ (examples[index]) };

const engine = await startEngine({
  backEnd: /** @type {import('@consilium/engine').BackEnd} */ (backEnd),
  mode: /** @type {import('@consilium/engine').EngineMode} */ (mode),
});
const model = buildModel(plan.model, modelPorts(plan));
const learner = openLearner(engine, plan, model.initialise(new Uint8Array(32).fill(2)), source);
const order = examples.map((_, i) => i);
answer({ ready: `${engine.backEnd} ${engine.mode}, ${engine.threads} threads` });
for await (const _ of createInterface({ input: process.stdin })) {
  const startedAt = performance.now();
  const loss = await learner.step(readBatch(plan, source, order), 1e-3);
  const ms = performance.now() - startedAt;
  answer({ ms, loss, bytes: process.resourceUsage().maxRSS * 1024 });
}
learner.dispose();
await engine.stop();

/** @param {object} line */
function answer(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
