// Where a training step's time goes, by operation of the back end:
//   node test/bench/measured/kernel-profile.mjs unet|resnet [threads] [fast|deterministic]
// U-Net: 128x128, 4 levels, base 16, batch 8; ResNet-18: 128x128, base 32, batch 16. Times are of the main thread; an
// operation that another one calls counts for both. The first steps warm up and are left out.
import { startEngine } from '@consilium/engine';
import { trainLocally } from '@consilium/training';

const WARM_UP = 3;
const STEPS = 8;
const SIDE = 128;
const [model = 'unet', threads = '1', mode = 'fast'] = process.argv.slice(2);

const common = {
  preprocessing: { height: SIDE, width: SIDE },
  augmentation: { flip: 'none', shiftPixels: 0, intensityJitter: 0 },
  validation: { scoreBins: 101 },
};
const optimizer = { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const training = { epochsPerRound: 1, optimizer, learningRateDecay: 1, clipGradientNorm: 1 };
const normalisation = { kind: 'batch' };
const PLANS = {
  unet: {
    ...common,
    task: { kind: 'segmentation', structures: ['disc'], loss: { kind: 'cross-entropy-and-dice', diceShare: 0.5 } },
    model: { family: 'unet', depth: 4, baseFilters: 16, normalisation },
    training: { ...training, batchSize: 8 },
  },
  resnet: {
    ...common,
    task: {
      kind: 'classification',
      classes: ['without', 'with'],
      loss: { kind: 'cross-entropy', classWeights: 'balanced' },
    },
    model: { family: 'resnet', layers: 18, baseWidth: 32, normalisation },
    training: { ...training, batchSize: 16 },
  },
};

const plan = PLANS[model];
if (!plan) throw new RangeError(`unet or resnet, not ${model}`);
const engine = await startEngine({ backEnd: 'wasm', mode, threads: Number(threads) });
const { tf } = engine;
/** @type {Map<string, { calls: number, milliseconds: number }>} */
const spent = new Map();
for (const kernel of tf.getKernelsForBackend('wasm')) {
  const compute = kernel.kernelFunc;
  kernel.kernelFunc = (args) => {
    const startedAt = performance.now();
    try {
      return compute(args);
    } finally {
      const row = spent.get(kernel.kernelName) ?? { calls: 0, milliseconds: 0 };
      spent.set(kernel.kernelName, row);
      row.calls += 1;
      row.milliseconds += performance.now() - startedAt;
    }
  };
}

const { batchSize } = plan.training;
const count = batchSize * (WARM_UP + STEPS);
const times = [];
let before = performance.now();
await trainLocally(engine, {
  plan,
  initial: await initialValues(),
  examples: { count, read: example },
  round: 1,
  seed: Buffer.from('profile'),
  signal: new AbortController().signal,
  onStep: ({ step }) => {
    const now = performance.now();
    if (step === WARM_UP) spent.clear();
    else if (step > WARM_UP) times.push(now - before);
    before = now;
  },
});
const total = times.reduce((a, b) => a + b, 0) / STEPS;
times.sort((a, b) => a - b);
const rows = [...spent].map(([name, { calls, milliseconds }]) => [name, calls / STEPS, milliseconds / STEPS]);
rows.sort((a, b) => b[2] - a[2]);
const lines = rows
  .filter((r) => r[2] > 0.05)
  .map((r) => `${r[2].toFixed(2).padStart(8)} ${r[1].toFixed(1).padStart(6)}  ${r[0]}`);
process.stdout.write(
  `${model}, ${engine.mode}, ${engine.threads} threads: ${total.toFixed(1)} ms a step, median ${times[STEPS >> 1].toFixed(1)}\n`,
);
process.stdout.write(`      ms  calls  operation\n${lines.join('\n')}\n`);
await engine.stop();

async function initialValues() {
  const { buildModel, modelPorts } = await import('@consilium/models');
  return buildModel(plan.model, modelPorts(plan)).initialise(Buffer.from('profile'));
}

/** Noise with a bright square, at a place that depends on the index. @param {number} index */
function example(index) {
  const image = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i * 12.9898 + index * 78.233));
  const mask = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < mask.length; i++) mask[i] = (i % SIDE) + index < 60 && i < 5000 ? 1 : 0;
  return { image, mask, label: index % 2 };
}
